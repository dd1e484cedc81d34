package io.remapfs.health.forecast;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.table.EntryVisitor;

/** The engine, as far as blocks are moved ahead of time. */
public interface PreemptionTarget {
  /** A snapshot. */
  EngineStatus status();

  /** Visits the blocks that are not healthy, in ascending order. */
  void forEachEntry(EntryVisitor visitor);

  /**
   * Moves a block to a slot under its guard; salvages what it can of one that fails.
   *
   * @return whether it was moved; false if it lies in a slot already
   * @throws io.remapfs.engine.device.MediumErrorException if it is lost, or no slot takes it
   * @throws BlockDeviceException if a device cannot be spoken to
   */
  boolean move(long blockIndex) throws BlockDeviceException;
}
