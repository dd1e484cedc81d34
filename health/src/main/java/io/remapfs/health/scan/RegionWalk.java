package io.remapfs.health.scan;

/** Some regions of equal size, in a given order. */
final class RegionWalk extends Walk {
  private final long[] regions;
  private final long regionBlocks;
  private final long blockCount;
  private int at;
  private long within;

  /**
   * @param regions their numbers, in the order of the visits
   * @param position where it stood when it was left: if that is in one of the regions, those before
   *     it are done. -1 for its beginning
   */
  RegionWalk(long[] regions, long regionBlocks, long blockCount, long position) {
    this.regions = regions;
    this.regionBlocks = regionBlocks;
    this.blockCount = blockCount;
    for (int i = 0; position >= 0 && i < regions.length; i++) {
      if (regions[i] == position / regionBlocks) {
        at = i;
        within = position % regionBlocks;
      }
    }
  }

  @Override
  boolean isAtEnd() {
    return at == regions.length;
  }

  @Override
  long position() {
    return isAtEnd() ? Math.max(0, blockCount - 1) : regions[at] * regionBlocks + within;
  }

  @Override
  int blocks(int most) {
    long end = Math.min(blockCount, (regions[at] + 1) * regionBlocks);
    return (int) Math.min(most, end - position());
  }

  @Override
  void advance(int blocks) {
    within += blocks;
    if (within >= regionBlocks || position() >= blockCount) {
      at++;
      within = 0;
    }
  }

  @Override
  long doneBlocks() {
    return at * regionBlocks + within;
  }

  @Override
  long totalBlocks() {
    return regions.length * regionBlocks;
  }
}
