package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Tells a bad block from a bad cable: whether an error on the backing may cost a spare slot.
 *
 * <p>One loose cable must not become ten thousand remaps. What has failed decides what ends it:
 *
 * <ul>
 *   <li><b>The device</b>: a read's errno speaks of the transport, or <em>none</em> of a few places
 *       spread over the disk answers when asked before a slot is spent, or the device is shorter
 *       than it was. Ends when a place answers and the size is whole.
 *   <li><b>Writing</b>: a write's errno speaks of the transport while places still answer to reads,
 *       or so many writes are {@linkplain RefusedWrites refused} all over the disk, with none
 *       accepted between them, that none can be. No read can tell that writing works, and writing
 *       without being asked to is a risk; so only a user's write that the backing takes ends it.
 *   <li><b>A storm</b>: more than {@value #STORM_ERRORS} reads within {@value #STORM_SECONDS} s,
 *       {@linkplain DiskZones all over the disk}, failed and went well when repeated. Ends when
 *       {@value #STORM_SECONDS} s have passed without one.
 * </ul>
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
  private static final int STORM_ERRORS = 24;
  private static final int STORM_SECONDS = 10;
  private static final long STORM_NANOS = STORM_SECONDS * ProbePace.SECOND;

  private record Failure(long atNanos, int zone) {}

  private final BlockDevice backing;
  private final RemapTable table;
  private final int blockSizeBytes;
  private final EngineClock clock;
  private final EngineCounters counters;
  private final IoBuffer probeBuffer;

  private final ArrayDeque<Failure> transientReads = new ArrayDeque<>();
  private final RefusedWrites refusedWrites;
  private final ProbePace pace;
  private long acceptedWrites;
  private long lastStormNanos;
  private long probeSeed;

  /** Where the backing ended when it was shorter than at open; its size while it never was. */
  private long cutAtBytes;

  private @Nullable String deviceTrouble;
  private @Nullable String writeTrouble;
  private @Nullable String stormTrouble;

  /** The first of the three; null while nothing is suspended. */
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
    this.refusedWrites = new RefusedWrites(table.blockCount(), blockSizeBytes);
    this.pace = new ProbePace(clock);
    this.cutAtBytes = backing.sizeBytes();
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
   * errors that go away, and on a disk that takes no writes, the user still gets the data; only no
   * slot is spent on it.
   */
  synchronized boolean allowsRetries() {
    return deviceTrouble == null;
  }

  /**
   * Suspends because the device fails as a whole.
   *
   * @return whether nothing was suspended before
   */
  synchronized boolean deviceFailed(String why) {
    String shortened = shortened();
    if (deviceTrouble == null || shortened != null) {
      deviceTrouble = shortened == null ? why : shortened;
    }
    return judged();
  }

  /**
   * Suspends because a write met an errno of the transport: writing, where the device still answers
   * to reads.
   *
   * @return whether nothing was suspended before
   */
  synchronized boolean writeFailed(String why) {
    acceptedWrites = counters.backingWrites.sum();
    if (deviceTrouble != null || writeTrouble != null) {
      return false;
    }
    String shortened = shortened();
    if (shortened == null && someOtherPlaceAnswers()) {
      writeTrouble = "the backing takes no writes: " + why;
    } else {
      deviceTrouble = shortened == null ? "the backing does not answer: " + why : shortened;
    }
    return judged();
  }

  /**
   * Looks whether the backing is as long as it was; suspends where it is not.
   *
   * @return whether this suspended what was not suspended before
   */
  synchronized boolean isCutShort() {
    String shortened = shortened();
    if (shortened == null) {
      return false;
    }
    deviceTrouble = shortened;
    return judged();
  }

  private @Nullable String shortened() {
    long present = backing.presentSizeBytes();
    if (present >= backing.sizeBytes()) {
      return null;
    }
    cutAtBytes = Math.min(cutAtBytes, present);
    return "the backing " + DeviceErrors.cutShort(backing.name(), present, backing.sizeBytes());
  }

  /** Brings the reason up to date; whether there is one and was none before. */
  private boolean judged() {
    boolean before = reason != null;
    reason =
        deviceTrouble != null ? deviceTrouble : writeTrouble != null ? writeTrouble : stormTrouble;
    if (!before && reason != null) {
      pace.failed();
    }
    return !before && reason != null;
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
    if (!storms(blockIndex)) {
      return false;
    }
    lastStormNanos = clock.nanoTime();
    stormTrouble = "errors all over the disk went away when repeated: a bad cable?";
    judged();
    return true;
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
    if (!refusedWrites.add(blockIndex)) {
      return false;
    }
    writeTrouble = "the backing takes no writes: they are refused all over the disk";
    judged();
    return true;
  }

  private boolean storms(long blockIndex) {
    long now = clock.nanoTime();
    transientReads.addLast(new Failure(now, DiskZones.of(blockIndex, table.blockCount())));
    while (now - transientReads.getFirst().atNanos() > STORM_NANOS) {
      transientReads.removeFirst();
    }
    if (transientReads.size() <= STORM_ERRORS) {
      return false;
    }
    boolean allOver = DiskZones.areAllOver(transientReads.stream().mapToInt(Failure::zone));
    transientReads.removeFirst();
    return allOver;
  }

  /**
   * Looks whether what failed works again; does nothing while it is too early to ask.
   *
   * @return what ended the suspension, one sentence; null where it goes on
   */
  synchronized @Nullable String probe() {
    if (reason == null || !pace.isDue()) {
      return null;
    }
    String ended = "the backing answers again";
    if (deviceTrouble != null) {
      String shortened = shortened();
      if (shortened != null) {
        deviceTrouble = shortened;
      } else if (someOtherPlaceAnswers()) {
        deviceTrouble = null;
        if (cutAtBytes < backing.sizeBytes()) {
          ended +=
              " and has its size; what lies behind byte " + cutAtBytes + " was cut off: check it";
          cutAtBytes = backing.sizeBytes();
        }
      }
    }
    if (writeTrouble != null && counters.backingWrites.sum() != acceptedWrites) {
      writeTrouble = null;
      ended = "the backing takes writes again";
      refusedWrites.clear();
    }
    if (stormTrouble != null && clock.nanoTime() - lastStormNanos > STORM_NANOS) {
      stormTrouble = null;
      transientReads.clear();
    }
    judged();
    if (reason != null) {
      return null;
    }
    pace.answered();
    return ended;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014): spreads consecutive numbers. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
