package io.remapfs.mount.control;

import io.remapfs.engine.BlockRun;
import io.remapfs.engine.MarkReport;
import io.remapfs.engine.RemapResult;
import io.remapfs.engine.UnmapReport;
import io.remapfs.engine.VerifyReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.health.scan.ScanStatus;
import io.remapfs.mount.preflight.RefusedException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What commands may do; the mounted engine, or a test's. Thread-safe. */
public interface ControlActions {
  /** The blocks of the image, at least 1. */
  long blockCount();

  /** The report as nested maps. */
  Map<String, Object> status();

  /** Moves a block to the spare. */
  RemapResult remap(long blockIndex) throws BlockDeviceException;

  /** Reads blocks again. */
  VerifyReport verify(long firstBlock, long blockCount) throws BlockDeviceException;

  /** Moves remapped blocks back to their own places. */
  UnmapReport unmap(long firstBlock, long blockCount) throws BlockDeviceException;

  /** Records healthy blocks as lost, without asking the disk. */
  MarkReport markLost(List<BlockRun> runs) throws BlockDeviceException;

  /**
   * Adds a spare while requests go on.
   *
   * @throws RefusedException if it is not added; nothing was changed then, unless it says so
   */
  AddedSpare addSpare(SpareRequest spare) throws RefusedException;

  /**
   * Begins to move all blocks to a new spare, and returns; {@link #migration} tells of its way.
   *
   * @param spare null for the newest of the set
   * @throws RefusedException if it cannot begin; as {@link #addSpare}
   */
  void migrate(@Nullable SpareRequest spare) throws RefusedException;

  /** How the latest migration is doing. */
  MigrationState migration();

  /**
   * Starts, holds or ends a scan, or only asks.
   *
   * @return how it is doing then
   * @throws RefusedException if that does not fit how it is doing; nothing was changed then
   */
  ScanStatus scan(ScanRequest request) throws RefusedException;

  /** Makes everything written so far durable. */
  void flush() throws BlockDeviceException;
}
