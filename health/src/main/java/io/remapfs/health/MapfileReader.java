package io.remapfs.health;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;

/**
 * Reads a GNU ddrescue mapfile ({@link Mapfile} writes one): comments, a line with the position and
 * what ddrescue was doing there, then {@code position size status} a line. Numbers are C's, in
 * bytes.
 *
 * <p>ddrescue itself wants the runs in order and without gaps. They may be in any order here, and
 * overlap: what one line calls bad is bad. A size of -1 is "to the end", as in ddrescue.
 */
final class MapfileReader {
  private MapfileReader() {}

  static <X extends Exception> void read(
      InputStream in, String name, Set<MapfileStatus> taken, BadRanges<X> ranges)
      throws IOException, ListSyntaxException, X {
    ListLines lines = new ListLines(in, name);
    boolean positionSeen = false;
    while (lines.next()) {
      if (lines.isComment()) {
        continue;
      }
      if (!positionSeen) {
        readPosition(lines);
        positionSeen = true;
      } else {
        readRun(lines, taken, ranges);
      }
    }
    if (!positionSeen) {
      throw new ListSyntaxException(
          name + " is no ddrescue mapfile: it has no line with a position");
    }
  }

  private static void readPosition(ListLines lines) throws ListSyntaxException {
    if (lines.fields() < 2 || lines.fields() > 3 || !MapfileStatus.isActivity(lines.character(1))) {
      throw lines.error(
          "a ddrescue mapfile begins with a position and a status, such as: 0x00000000 ? 1");
    }
    lines.cNumber(0, "a position in bytes");
    if (lines.fields() == 3) {
      lines.decimal(2, "the number of a pass");
    }
  }

  private static <X extends Exception> void readRun(
      ListLines lines, Set<MapfileStatus> taken, BadRanges<X> ranges)
      throws ListSyntaxException, X {
    if (lines.fields() != 3) {
      throw lines.error("it has not three words: position, size, status");
    }
    MapfileStatus status = MapfileStatus.of(lines.character(2));
    if (status == null) {
      throw lines.error(lines.quoted(2) + " is no status; those are ? * / - +");
    }
    long byteOffset = lines.cNumber(0, "a position in bytes");
    long lengthBytes =
        lines.isMinusOne(1) ? Long.MAX_VALUE - byteOffset : lines.cNumber(1, "a size in bytes");
    if (lengthBytes > Long.MAX_VALUE - byteOffset) {
      throw lines.error("position and size together are larger than any disk");
    }
    if (lengthBytes > 0 && taken.contains(status)) {
      ranges.bad(byteOffset, lengthBytes);
    }
  }
}
