package io.remapfs.health;

import io.remapfs.engine.table.Target;
import java.io.OutputStream;

/**
 * The blocks whose contents are lost (PENDING), one decimal number a line in units of the block
 * size, as {@code e2fsck -l} and {@code badblocks} take them. {@link BadBlockFile} reads such
 * lists.
 */
public final class BadBlocks {
  /**
   * The most blocks listed, which bounds the memory of one rendering to a few megabytes. A disk
   * with more lost blocks than this is past the use of such a list.
   */
  public static final int MAX_LISTED = 500_000;

  /** The largest unit that a number of a list may count, in bytes. */
  public static final long MAX_UNIT_BYTES = 1 << 30;

  private static final String UNIT_IS = "remapfs bad blocks, unit: ";

  private BadBlocks() {}

  /** The list as bytes; empty when nothing is lost. */
  public static byte[] render(BlockList blocks) {
    AsciiOutput out = new AsciiOutput();
    put(out, MAX_LISTED, blocks);
    return out.toBytes();
  }

  /**
   * Writes the whole list, however long, behind a comment that says what its numbers count.
   *
   * @throws java.io.UncheckedIOException if the stream fails
   */
  public static void write(OutputStream sink, int blockSizeBytes, BlockList blocks) {
    AsciiOutput out = new AsciiOutput(sink);
    out.put(unitComment(blockSizeBytes));
    put(out, Long.MAX_VALUE, blocks);
    out.drain();
  }

  private static void put(AsciiOutput out, long most, BlockList blocks) {
    long[] listed = {0};
    blocks.forEachEntry(
        (blockIndex, target) -> {
          if (Target.isPending(target) && listed[0] < most) {
            listed[0]++;
            out.putDecimal(blockIndex).put("\n");
          }
        });
  }

  /** The line that tells a reader of ours the unit; e2fsck passes over it. */
  public static String unitComment(int unitBytes) {
    return "# " + UNIT_IS + unitBytes + "\n";
  }

  /** The unit that a comment tells, or 0. */
  static long unitIn(String comment) {
    String number = comment.startsWith(UNIT_IS) ? comment.substring(UNIT_IS.length()) : "";
    if (number.isEmpty()
        || number.length() > 10
        || !number.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return 0;
    }
    long unit = Long.parseLong(number);
    return unit <= MAX_UNIT_BYTES ? unit : 0;
  }
}
