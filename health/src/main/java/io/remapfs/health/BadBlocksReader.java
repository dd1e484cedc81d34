package io.remapfs.health;

import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a list as {@code badblocks} writes it and {@code e2fsck -l} takes it: a decimal number a
 * line. In what unit is not in such a list; only ours say it, in a comment ({@link
 * BadBlocks#unitComment}), which e2fsck passes over.
 */
final class BadBlocksReader {
  private BadBlocksReader() {}

  /**
   * Reads all of it.
   *
   * @param unitBytes what a number counts, 1 to {@link BadBlocks#MAX_UNIT_BYTES}; or 0 to take it
   *     from the list
   */
  static <X extends Exception> void read(
      InputStream in, String name, long unitBytes, BadRanges<X> ranges)
      throws IOException, ListSyntaxException, X {
    ListLines lines = new ListLines(in, name);
    long unit = unitBytes;
    while (lines.next()) {
      if (lines.isComment()) {
        long told = BadBlocks.unitIn(lines.commentText());
        if (told != 0 && unit != 0 && told != unit) {
          throw lines.error("it says that the numbers count " + told + " bytes each, not " + unit);
        }
        unit = told == 0 ? unit : told;
      } else {
        readBlock(lines, unit, ranges);
      }
    }
  }

  private static <X extends Exception> void readBlock(
      ListLines lines, long unit, BadRanges<X> ranges) throws ListSyntaxException, X {
    if (lines.fields() != 1) {
      throw lines.error("it has not one number");
    }
    long number = lines.decimal(0, "the number of a block");
    if (unit == 0) {
      throw lines.error(
          "the list does not say how many bytes a number counts; say it with --unit (badblocks:"
              + " 1024, or what its -b said; e2fsck: the file system's block size)");
    }
    if (number > Long.MAX_VALUE / unit - 1) {
      throw lines.error("block " + lines.quoted(0) + " lies behind the end of any disk");
    }
    ranges.bad(number * unit, unit);
  }
}
