package io.remapfs.health;

import io.remapfs.engine.table.Target;

/**
 * The blocks whose contents are lost (PENDING), one decimal number a line in units of the block
 * size, as {@code e2fsck -l} and {@code badblocks} take them.
 */
public final class BadBlocks {
  /**
   * The most blocks listed, which bounds the memory of one rendering to a few megabytes. A disk
   * with more lost blocks than this is past the use of such a list.
   */
  public static final int MAX_LISTED = 500_000;

  private BadBlocks() {}

  /** The list as bytes; empty when nothing is lost. */
  public static byte[] render(BlockList blocks) {
    AsciiOutput out = new AsciiOutput();
    int[] listed = {0};
    blocks.forEachEntry(
        (blockIndex, target) -> {
          if (Target.isPending(target) && listed[0] < MAX_LISTED) {
            listed[0]++;
            out.putDecimal(blockIndex).put("\n");
          }
        });
    return out.toBytes();
  }
}
