package io.remapfs.health.scan;

/** Every block, from one on, around the end of the disk, to that one again. */
final class CircularWalk extends Walk {
  private final long blockCount;
  private final long origin;
  private long done;

  /**
   * @param origin where it begins
   * @param position where it stands; equal to {@code origin} at its beginning
   */
  CircularWalk(long blockCount, long origin, long position) {
    this.blockCount = blockCount;
    this.origin = Math.floorMod(origin, blockCount);
    this.done = Math.floorMod(position - this.origin, blockCount);
  }

  @Override
  boolean isAtEnd() {
    return done == blockCount;
  }

  @Override
  long position() {
    return (origin + done) % blockCount;
  }

  @Override
  int blocks(int most) {
    // A batch ends at a multiple of its length, and at the end of the disk.
    long position = position();
    long end = Math.min(blockCount, (position / most + 1) * most);
    return (int) Math.min(end - position, blockCount - done);
  }

  @Override
  void advance(int blocks) {
    done += blocks;
  }

  @Override
  long doneBlocks() {
    return done;
  }

  @Override
  long totalBlocks() {
    return blockCount;
  }

  @Override
  long origin() {
    return origin;
  }
}
