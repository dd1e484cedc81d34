package io.remapfs.engine;

/** Hears how far a migration is. */
@FunctionalInterface
public interface MigrationProgress {
  /**
   * Called some thousand times at most for a million blocks, on the thread that migrates, with no
   * lock held.
   *
   * @param doneBlocks blocks of the image looked at
   * @param totalBlocks blocks of the image
   * @return false to stop; running it again goes on
   */
  boolean proceed(long doneBlocks, long totalBlocks);
}
