package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tells a bad block from a bad cable: whether an error on the backing may cost a spare slot.
 *
 * <p>One loose cable must not become ten thousand remaps. Three kinds of evidence say that not the
 * medium but the way to it has failed, and suspend remapping until the device answers again:
 *
 * <ol>
 *   <li>an errno that speaks of the transport ({@link #suspend} is called by who met it);
 *   <li>a probe: before a slot is spent or a block is declared lost, a few places spread over the
 *       disk are read; if <em>none</em> of them answers, the disk is gone, not a block;
 *   <li>a storm: more than {@value #STORM_ERRORS} failures within {@value #STORM_SECONDS} s, spread
 *       over more than {@value #STORM_ZONES} of the {@value #ZONES} zones that the disk is cut
 *       into, which either went away on a retry, or were writes with no accepted write between
 *       them.
 * </ol>
 *
 * <p>Many scattered blocks that fail persistently while probes answer are not a storm: that is what
 * a disk with one percent of bad blocks looks like to random writes.
 *
 * <p>While suspended no slot is spent and no block is declared lost: errors are passed on, and
 * {@link #probe} ends the suspension. All state is guarded by this object's monitor; it is entered
 * on errors only.
 */
final class Suspension {
  private static final int PROBE_PLACES = 8;
  private static final int ZONES = 64;
  private static final int STORM_ERRORS = 24;
  private static final int STORM_ZONES = 8;
  private static final int STORM_SECONDS = 10;
  private static final long SECOND = 1_000_000_000L;

  /** How often requests may probe while suspended; a probe of a dead device can be slow. */
  private static final long PROBE_INTERVAL_NANOS = SECOND / 4;

  private record Failure(long atNanos, int zone) {}

  private final BlockDevice backing;
  private final RemapTable table;
  private final int blockSizeBytes;
  private final EngineClock clock;
  private final EngineCounters counters;
  private final IoBuffer probeBuffer;

  private final ArrayDeque<Failure> transientReads = new ArrayDeque<>();
  private final ArrayDeque<Failure> refusedWrites = new ArrayDeque<>();
  private long acceptedWrites;
  private long lastProbeNanos;
  private long lastTrouble;
  private long probeSeed;
  private boolean byStorm;
  private volatile @Nullable String reason;

  Suspension(
      BlockDevice backing,
      RemapTable table,
      int blockSizeBytes,
      EngineClock clock,
      EngineCounters counters) {
    this.backing = backing;
    this.table = table;
    this.blockSizeBytes = blockSizeBytes;
    this.clock = clock;
    this.counters = counters;
    this.probeBuffer = IoBuffer.allocate(Math.max(blockSizeBytes, backing.sectorSizeBytes()));
    this.lastProbeNanos = clock.nanoTime() - PROBE_INTERVAL_NANOS;
  }

  /** Why remapping is suspended, or null while it is not. */
  @Nullable String reason() {
    return reason;
  }

  boolean isSuspended() {
    return reason != null;
  }

  /**
   * Whether repeating a failed read makes sense: always, unless the device is gone. In a storm of
   * errors that go away the user still gets the data; only no slot is spent on it.
   */
  synchronized boolean allowsRetries() {
    return reason == null || byStorm;
  }

  /**
   * Suspends remapping.
   *
   * @return whether it was not suspended before
   */
  synchronized boolean suspend(String why) {
    lastTrouble = clock.nanoTime();
    if (reason != null) {
      return false;
    }
    reason = why;
    byStorm = false;
    return true;
  }

  /**
   * Whether an error may be laid to the medium: reads places all over the disk until one answers.
   * Costs one small read on a disk that has bad blocks but is there.
   */
  synchronized boolean someOtherPlaceAnswers() {
    long blocks = table.blockCount();
    for (int i = 0; i < 2 * PROBE_PLACES; i++) {
      // First places spread evenly, then moving ones, for a disk that is bad where we look first.
      long block =
          i < PROBE_PLACES
              ? (blocks - 1) * i / (PROBE_PLACES - 1)
              : Math.floorMod(mix(++probeSeed), blocks);
      if (table.targetOf(block) == Target.HEALTHY && answers(block)) {
        return true;
      }
    }
    return false;
  }

  private boolean answers(long block) {
    try {
      backing.read(block * blockSizeBytes, probeBuffer, 0, blockSizeBytes);
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }

  /**
   * Tells of a block whose failing read went well when repeated.
   *
   * @return whether this makes a storm
   */
  synchronized boolean recoveredOnRetry(long blockIndex) {
    return storm(
        transientReads,
        blockIndex,
        "errors all over the disk went away when repeated: a bad cable?");
  }

  /**
   * Tells of a block that refused a write to the last try.
   *
   * @return whether this makes a storm
   */
  synchronized boolean refusedWrite(long blockIndex) {
    long accepted = counters.backingWrites.sum();
    if (accepted != acceptedWrites) {
      acceptedWrites = accepted;
      refusedWrites.clear();
    }
    return storm(refusedWrites, blockIndex, "writes are refused all over the disk");
  }

  private boolean storm(ArrayDeque<Failure> failures, long blockIndex, String why) {
    long now = clock.nanoTime();
    failures.addLast(new Failure(now, (int) (blockIndex * ZONES / table.blockCount())));
    while (now - failures.getFirst().atNanos() > STORM_SECONDS * SECOND) {
      failures.removeFirst();
    }
    if (failures.size() <= STORM_ERRORS) {
      return false;
    }
    Set<Integer> zones = new HashSet<>();
    failures.forEach(failure -> zones.add(failure.zone()));
    failures.removeFirst();
    if (zones.size() <= STORM_ZONES) {
      return false;
    }
    lastTrouble = now;
    if (reason == null) {
      reason = why;
      byStorm = true;
    }
    return true;
  }

  /**
   * Looks whether the device answers again, at most every quarter of a second.
   *
   * @return whether this ended a suspension
   */
  synchronized boolean probe() {
    if (reason == null) {
      return false;
    }
    long now = clock.nanoTime();
    if (now - lastProbeNanos < PROBE_INTERVAL_NANOS) {
      return false;
    }
    lastProbeNanos = now;
    // Reads answered all through a storm, so only quiet, or an accepted write, can end it.
    boolean calm =
        !byStorm
            || now - lastTrouble > STORM_SECONDS * SECOND
            || (!refusedWrites.isEmpty() && counters.backingWrites.sum() != acceptedWrites);
    if (!calm || !someOtherPlaceAnswers()) {
      return false;
    }
    reason = null;
    byStorm = false;
    transientReads.clear();
    refusedWrites.clear();
    return true;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014): spreads consecutive numbers. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
