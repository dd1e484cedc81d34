package io.remapfs.health.scan;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.ScanReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.table.EntryVisitor;

/** The disk that a scanner walks: the engine, or a test's simulated one. Thread-safe. */
public interface ScanTarget {
  /** The blocks of the image, at least 1. */
  long blockCount();

  /** The size of a block in bytes. */
  int blockSizeBytes();

  /** Whether nothing may be moved or recorded. */
  boolean isReadOnly();

  /**
   * Reads blocks; see {@link io.remapfs.engine.RemapEngine#scan}.
   *
   * @param blocks 1 MiB at most
   */
  ScanReport scan(long firstBlock, int blocks, boolean retryPending) throws BlockDeviceException;

  /**
   * Moves a block that reads, but slowly.
   *
   * @return whether it was moved; a block that was moved before stays
   */
  boolean remap(long block) throws BlockDeviceException;

  /** The users' requests so far; any change says that they are at work. */
  long userRequests();

  /** How the disk is. */
  EngineState state();

  /** Slots in use, of a hundred. */
  int spareUsedPercent();

  /** Visits the blocks that are not healthy, in ascending order. */
  void forEachEntry(EntryVisitor visitor);

  /** How reads get past the kernel's cache. */
  String mediumAccess();
}
