package io.remapfs.health.region;

/**
 * What was found in a region since last asked; counters of blocks.
 *
 * @param readErrors of which a read failed
 * @param writeErrors of which a write failed
 * @param slowIos that were read slowly
 * @param salvaged that were moved with the contents they had
 * @param lost that became PENDING
 */
record Evidence(int readErrors, int writeErrors, int slowIos, int salvaged, int lost) {
  /** What can be found of a block; a number each. */
  enum Kind {
    READ_ERROR(0),
    WRITE_ERROR(1),
    SLOW(2),
    SALVAGED(3),
    LOST(4);

    static final int COUNT = 5;

    final int index;

    Kind(int index) {
      this.index = index;
    }
  }

  static Evidence of(int[] counts) {
    return new Evidence(counts[0], counts[1], counts[2], counts[3], counts[4]);
  }
}
