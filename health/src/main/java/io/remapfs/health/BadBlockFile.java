package io.remapfs.health;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;

/**
 * How a list of bad blocks is to be read.
 *
 * @param format what it is
 * @param unitBytes what a number of a badblocks list counts, 1 to {@link BadBlocks#MAX_UNIT_BYTES};
 *     0 where the list must say it
 * @param taken which runs of a mapfile are bad
 */
public record BadBlockFile(Format format, long unitBytes, Set<MapfileStatus> taken) {
  /** The formats that are read and written. */
  public enum Format {
    /** By the first line that is no comment: one word is badblocks, several are a mapfile. */
    AUTO,
    /** GNU ddrescue's. */
    MAPFILE,
    /** That of badblocks and e2fsck. */
    BADBLOCKS
  }

  public BadBlockFile {
    if (unitBytes < 0 || unitBytes > BadBlocks.MAX_UNIT_BYTES) {
      throw new IllegalArgumentException("a unit of " + unitBytes + " bytes");
    }
    taken = Set.copyOf(taken);
  }

  /** The same with a format in place of AUTO, which the beginning of the list tells. */
  public BadBlockFile detected(InputStream in, String name)
      throws IOException, ListSyntaxException {
    if (format != Format.AUTO) {
      return this;
    }
    ListLines lines = new ListLines(in, name);
    Format found = Format.BADBLOCKS; // An empty one: badblocks writes it for a disk without any.
    boolean told = false;
    while (!told && lines.next()) {
      if (!lines.isComment()) {
        found = lines.fields() == 1 ? Format.BADBLOCKS : Format.MAPFILE;
        told = true;
      } else if (lines.commentText().startsWith("Mapfile.")) {
        found = Format.MAPFILE;
        told = true;
      }
    }
    return new BadBlockFile(found, unitBytes, taken);
  }

  /**
   * Reads a whole list, with memory that does not depend on its length.
   *
   * @param name the file's, for messages
   * @throws ListSyntaxException at the first line that is not of this format, after the ranges
   *     before it
   * @throws IOException if the stream fails
   */
  public <X extends Exception> void read(InputStream in, String name, BadRanges<X> ranges)
      throws IOException, ListSyntaxException, X {
    switch (format) {
      case MAPFILE -> MapfileReader.read(in, name, taken, ranges);
      case BADBLOCKS -> BadBlocksReader.read(in, name, unitBytes, ranges);
      case AUTO -> throw new IllegalStateException("the format was not detected");
    }
  }
}
