package io.remapfs.mount.daemon;

import io.remapfs.engine.BlockRun;
import io.remapfs.engine.MarkReport;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.RemapResult;
import io.remapfs.engine.UnmapReport;
import io.remapfs.engine.VerifyReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.health.DiskReport;
import io.remapfs.health.scan.ScanStatus;
import io.remapfs.mount.control.ControlActions;
import io.remapfs.mount.control.MigrationState;
import io.remapfs.mount.control.ScanRequest;
import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.preflight.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the control file may do to the mounted engine. */
record EngineControl(
    RemapEngine engine, Supplier<DiskReport> report, SpareService spares, ScanService scans)
    implements ControlActions {
  @Override
  public long blockCount() {
    return engine.sizeBytes() / engine.blockSizeBytes();
  }

  @Override
  public Map<String, Object> status() {
    return report.get().toMap();
  }

  @Override
  public RemapResult remap(long blockIndex) throws BlockDeviceException {
    return engine.remap(blockIndex);
  }

  @Override
  public VerifyReport verify(long firstBlock, long blockCount) throws BlockDeviceException {
    return engine.verify(firstBlock, blockCount);
  }

  @Override
  public UnmapReport unmap(long firstBlock, long blockCount) throws BlockDeviceException {
    return engine.unmap(firstBlock, blockCount);
  }

  @Override
  public MarkReport markLost(List<BlockRun> runs) throws BlockDeviceException {
    return engine.markLost(runs);
  }

  @Override
  public AddedSpare addSpare(SpareRequest spare) throws RefusedException {
    return spares.add(spare);
  }

  @Override
  public void migrate(@Nullable SpareRequest spare) throws RefusedException {
    spares.migrate(spare);
  }

  @Override
  public MigrationState migration() {
    return spares.migration();
  }

  @Override
  public ScanStatus scan(ScanRequest request) throws RefusedException {
    return scans.carryOut(request);
  }

  @Override
  public void flush() throws BlockDeviceException {
    engine.flush();
  }
}
