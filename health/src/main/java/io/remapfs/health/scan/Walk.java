package io.remapfs.health.scan;

/**
 * The way of one tour through the disk: ranges of blocks in the order in which they are visited.
 *
 * <p>It can be taken up again with {@link #position()}, {@link #phase()} and {@link #origin()}
 * alone. Not thread-safe.
 */
abstract class Walk {
  /** Whether it has come to its end. */
  abstract boolean isAtEnd();

  /** The block that is next; where it ended, once it has. */
  abstract long position();

  /** How many blocks from {@link #position} on to visit at once, {@code most} at most. */
  abstract int blocks(int most);

  /** Goes on by so many blocks, of what {@link #blocks} said at most. */
  abstract void advance(int blocks);

  /** Blocks visited, of {@link #totalBlocks}. */
  abstract long doneBlocks();

  abstract long totalBlocks();

  /** Which part of it this is; 0 where it has one. */
  int phase() {
    return 0;
  }

  /** Where a way around the whole disk began. */
  long origin() {
    return 0;
  }
}
