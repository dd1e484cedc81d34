package io.remapfs.engine;

/**
 * Blocks that lie together.
 *
 * @param firstBlock the first of them, not negative
 * @param blockCount how many, at least 1; {@code firstBlock + blockCount} does not overflow
 */
public record BlockRun(long firstBlock, long blockCount) {
  public BlockRun {
    if (firstBlock < 0 || blockCount < 1 || firstBlock > Long.MAX_VALUE - blockCount) {
      throw new IllegalArgumentException(blockCount + " blocks from block " + firstBlock);
    }
  }

  /** The block behind the last. */
  public long endBlock() {
    return firstBlock + blockCount;
  }
}
