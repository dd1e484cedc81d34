package io.remapfs.health.scan;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.ScanReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.table.EntryVisitor;

/** The mounted engine, as the scanner sees it. */
public record EngineTarget(RemapEngine engine) implements ScanTarget {
  @Override
  public long blockCount() {
    return engine.sizeBytes() / engine.blockSizeBytes();
  }

  @Override
  public int blockSizeBytes() {
    return engine.blockSizeBytes();
  }

  @Override
  public boolean isReadOnly() {
    return engine.isReadOnly();
  }

  @Override
  public ScanReport scan(long firstBlock, int blocks, boolean retryPending)
      throws BlockDeviceException {
    int blockBytes = engine.blockSizeBytes();
    return engine.scan(firstBlock * blockBytes, blocks * blockBytes, retryPending);
  }

  @Override
  public boolean remap(long block) throws BlockDeviceException {
    return engine.remap(block).moved();
  }

  @Override
  public long userRequests() {
    return engine.userRequests();
  }

  @Override
  public EngineState state() {
    return engine.status().state();
  }

  @Override
  public int spareUsedPercent() {
    EngineStatus status = engine.status();
    return (int) (status.spareUsed() * 100 / Math.max(1, status.spareSlots()));
  }

  @Override
  public void forEachEntry(EntryVisitor visitor) {
    engine.forEachEntry(visitor);
  }

  @Override
  public String mediumAccess() {
    return engine.mediumAccess();
  }
}
