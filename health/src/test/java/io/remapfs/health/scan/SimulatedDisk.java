package io.remapfs.health.scan;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineState;
import io.remapfs.engine.ScanReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A disk of any size that holds nothing but what is wrong with it, and the clock it takes time by.
 */
final class SimulatedDisk implements ScanTarget, ScanClock {
  static final int BLOCK = 4096;
  private static final int PIECE = 16;

  /** What happens instead of a read. */
  @FunctionalInterface
  interface Trouble {
    void strike(long firstBlock, int blocks) throws BlockDeviceException;
  }

  private final long blockCount;
  final TreeSet<Long> bad = new TreeSet<>();
  final Map<Long, Long> slowNanos = new TreeMap<>();
  final TreeMap<Long, Long> entries = new TreeMap<>();
  final List<String> reads = new ArrayList<>();
  final List<Long> moved = new ArrayList<>();
  boolean recordsReads = true;
  boolean readOnly;
  EngineState state = EngineState.HEALTHY;
  long userRequests;
  long readNanosPerBlock = 1000;
  long cpuNanosPerStep;
  int spareUsedPercent;
  @Nullable EngineListener listener;
  @Nullable Trouble trouble;

  private long nanos = 1_000_000_000L;
  private long cpu;
  private long startMillis = 1_700_000_000_000L;

  SimulatedDisk(long blockCount) {
    this.blockCount = blockCount;
  }

  void pass(long elapsedNanos) {
    nanos += elapsedNanos;
  }

  @Override
  public long blockCount() {
    return blockCount;
  }

  @Override
  public int blockSizeBytes() {
    return BLOCK;
  }

  @Override
  public boolean isReadOnly() {
    return readOnly;
  }

  @Override
  public ScanReport scan(long first, int blocks, boolean retryPending) throws BlockDeviceException {
    cpu += cpuNanosPerStep;
    if (recordsReads) {
      reads.add(first + "+" + blocks);
    }
    if (trouble != null) {
      trouble.strike(first, blocks);
    }
    long took = readNanosPerBlock * blocks;
    for (long slow : ((TreeMap<Long, Long>) slowNanos).subMap(first, first + blocks).values()) {
      took += slow;
    }
    nanos += took;
    Long failing = bad.ceiling(first);
    while (failing != null && failing < first + blocks && entries.containsKey(failing)) {
      failing = bad.higher(failing);
    }
    if (failing == null || failing >= first + blocks) {
      return new ScanReport(blocks * BLOCK, took, 0, 0, 0, 0);
    }
    long end = Math.min(first + blocks, (failing / PIECE + 1) * PIECE);
    int lost = 0;
    for (long block : bad.subSet(failing, end)) {
      if (!entries.containsKey(block)) {
        lost++;
        if (!readOnly) {
          lose(block);
        }
      }
    }
    int scanned = (int) (end - first) * BLOCK;
    return new ScanReport(scanned, took, 0, readOnly ? 0 : lost, 0, readOnly ? lost : 0);
  }

  /** As the engine does when a read of anybody's fails. */
  void lose(long block) {
    entries.put(block, Target.pending(Target.NO_SLOT));
    if (listener != null) {
      listener.onEvent(new EngineEvent(EngineEvent.Kind.PENDING, block, -1, "lost"));
    }
  }

  @Override
  public boolean remap(long block) {
    moved.add(block);
    slowNanos.remove(block);
    return true;
  }

  @Override
  public long userRequests() {
    return userRequests;
  }

  @Override
  public EngineState state() {
    return state;
  }

  @Override
  public int spareUsedPercent() {
    return spareUsedPercent;
  }

  @Override
  public void forEachEntry(EntryVisitor visitor) {
    entries.forEach((block, target) -> visitor.visit(block, target));
  }

  @Override
  public String mediumAccess() {
    return "simulated";
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public long currentTimeMillis() {
    return startMillis + nanos / 1_000_000;
  }

  @Override
  public long threadCpuNanos() {
    return cpu;
  }
}
