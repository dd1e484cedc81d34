package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.spare.SparePool;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What every request needs: the devices, the table, and what is known of their troubles.
 *
 * <p>Thread-safe; a field that changes is volatile or says how it is guarded.
 */
final class EngineContext {
  /** Pieces that a bounced request is cut into, in bytes. */
  static final int BOUNCE_BYTES = 1 << 20;

  private static final int KEPT_BLOCKS = 8;
  private static final int KEPT_BOUNCES = 2;

  final BlockDevice backing;
  final MetadataStore metadata;
  final RemapTable table;
  final SparePool pool;
  final EngineOptions options;
  final EngineClock clock;
  final EngineCounters counters = new EngineCounters();
  final Suspension suspension;
  final RangeGuard guard = new RangeGuard();

  /** Buffers of a block each. */
  final ScratchPool blocks;

  /** Buffers for {@link #BOUNCE_BYTES} and the rest of the sectors at both ends. */
  final ScratchPool bounces;

  /** The bits that are zero in what both devices take as it is. */
  final long unalignedMask;

  final boolean readOnly;
  final int blockSizeBytes;
  final int blockShift;
  private final EngineListener listener;

  final SpareTrouble spareTrouble;
  private final MetadataCare metadataCare;

  private volatile boolean flushFailed;
  private volatile boolean exhaustionTold;
  private volatile boolean emergencyTold;

  EngineContext(
      BlockDevice backing,
      MetadataStore metadata,
      EngineOptions options,
      EngineListener listener,
      EngineClock clock,
      boolean readOnly) {
    this.backing = backing;
    this.metadata = metadata;
    this.table = metadata.table();
    this.pool = metadata.pool();
    this.options = options;
    this.listener = listener;
    this.clock = clock;
    this.readOnly = readOnly;
    this.blockSizeBytes = metadata.superblock().blockSizeBytes();
    this.blockShift = Integer.numberOfTrailingZeros(blockSizeBytes);
    this.suspension = new Suspension(backing, table, blockSizeBytes, clock, counters);
    this.blocks = new ScratchPool(blockSizeBytes, KEPT_BLOCKS);
    this.bounces = new ScratchPool(BOUNCE_BYTES + 2 * IoBuffer.ALIGNMENT_BYTES, KEPT_BOUNCES);
    int sector = backing.sectorSizeBytes();
    for (SpareMember each : pool.members().live()) {
      sector = Math.max(sector, each.device().sectorSizeBytes());
    }
    this.unalignedMask = sector - 1L;
    this.spareTrouble = new SpareTrouble(this, clock);
    this.metadataCare = new MetadataCare(this, clock);
  }

  /** Whether no block of the range is remapped or pending. */
  boolean isHealthy(long byteOffset, int lengthBytes) {
    long firstBlock = byteOffset >>> blockShift;
    long lastBlock = (byteOffset + lengthBytes - 1) >>> blockShift;
    return table.isHealthy(firstBlock, lastBlock - firstBlock + 1);
  }

  /** Whether a transfer can be handed to the devices as it is. */
  boolean isAligned(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    return ((byteOffset | lengthBytes | (buffer.address() + at)) & unalignedMask) == 0;
  }

  /** While suspended: asks, now and then, whether the device is back. */
  void resumeIfAnswering() {
    if (suspension.isSuspended()) {
      String ended = suspension.probe();
      if (ended != null) {
        tell(Kind.RESUMED, -1, -1, ended);
      }
    }
  }

  /** What is nobody's request; for one thread. */
  void housekeeping() {
    resumeIfAnswering();
    if (suspension.isCutShort()) {
      tellSuspended();
    }
    spareTrouble.housekeeping();
    metadataCare.housekeeping();
  }

  /** The device that holds the newest contents of a block with this target. */
  BlockDevice deviceOf(long target) {
    return Target.isInSlot(target) ? spareOf(target).device() : backing;
  }

  /**
   * The spare that has the slot of a target. The target was read from the table, and the spares are
   * published before any mapping to them; so it is found.
   */
  private SpareMember spareOf(long target) {
    return pool.members().of(Target.slot(target));
  }

  /** The byte on {@link #deviceOf} that is byte {@code byteOffset} of the image. */
  long deviceOffset(long target, long byteOffset) {
    return Target.isInSlot(target)
        ? spareOf(target).slotByteOffset(Target.slot(target)) + (byteOffset & (blockSizeBytes - 1))
        : byteOffset;
  }

  /**
   * The end, in bytes of the image, of the run that starts at {@code byteOffset}: contiguous on one
   * device, all of one state; a pending run is one block.
   */
  long runEnd(long run, long byteOffset, long endOffset) {
    long target = RemapTable.runTarget(run);
    long blocksInRun = RemapTable.runLength(run);
    if (Target.isRemapped(target)) {
      blocksInRun = Math.min(blocksInRun, spareOf(target).contiguousSlots(Target.slot(target)));
    } else if (Target.isPending(target)) {
      blocksInRun = 1;
    }
    long firstBlock = byteOffset >>> blockShift;
    return Math.min(endOffset, (firstBlock + blocksInRun) << blockShift);
  }

  /** Asks the table for the run at {@code byteOffset} that ends at {@code endOffset} at most. */
  long run(long byteOffset, long endOffset) {
    long firstBlock = byteOffset >>> blockShift;
    long lastBlock = (endOffset - 1) >>> blockShift;
    return table.run(firstBlock, lastBlock - firstBlock + 1);
  }

  /** Whether a new slot could be used at all. */
  boolean canRelocate() {
    return !readOnly && !metadata.isUnavailable() && !suspension.isSuspended();
  }

  /** Tells of a read's error that speaks of the way to the backing. */
  void transportFailed(TransportErrorException e) {
    suspend("the backing does not answer: " + e.getMessage());
  }

  /** Tells of a write's error that speaks of the way to the backing. */
  void writeRefused(TransportErrorException e) {
    if (suspension.writeFailed(String.valueOf(e.getMessage()))) {
      tellSuspended();
    }
  }

  private void suspend(String why) {
    if (suspension.deviceFailed(why)) {
      tellSuspended();
    }
  }

  private void tellSuspended() {
    tell(Kind.SUSPENDED, -1, -1, suspension.reason());
  }

  /**
   * Whether an error of a block on the backing may be laid to the medium; suspends remapping where
   * it may not. To be asked before a slot is spent or a block is declared lost.
   */
  boolean blamesMedium() {
    if (suspension.isSuspended()) {
      return false;
    }
    if (suspension.isCutShort()) {
      tellSuspended();
      return false;
    }
    if (suspension.someOtherPlaceAnswers()) {
      return true;
    }
    suspend("no place of the backing answers");
    return false;
  }

  /** Adds a piece of evidence; true, and an event the first time, where it makes a storm. */
  boolean storms(BooleanSupplier evidence) {
    boolean before = suspension.isSuspended();
    boolean storm = evidence.getAsBoolean();
    if (storm && !before) {
      tellSuspended();
    }
    return storm;
  }

  /** The spares by name, for messages. */
  String spareNames() {
    return pool.members().live().stream()
        .map(each -> each.device().name())
        .collect(Collectors.joining(" and "));
  }

  /** Forgets that there was no free slot: there are more now. */
  void spareAdded() {
    exhaustionTold = false;
  }

  void metadataFailed(String why) {
    if (!emergencyTold) {
      emergencyTold = true;
      tell(Kind.EMERGENCY, -1, -1, "no remap can be made durable: " + why);
    }
  }

  void spareExhausted() {
    if (!exhaustionTold) {
      exhaustionTold = true;
      tell(Kind.SPARE_EXHAUSTED, -1, -1, "no free slot is left in " + spareNames());
    }
  }

  boolean flushFailed() {
    return flushFailed;
  }

  void flushHasFailed(BlockDeviceException e) {
    if (!flushFailed) {
      flushFailed = true;
      tell(Kind.FLUSH_FAILED, -1, -1, e.getMessage() + "; data since the last flush may be lost");
    }
  }

  void tell(Kind kind, long blockIndex, long slot, @Nullable String message) {
    listener.onEvent(new EngineEvent(kind, blockIndex, slot, message == null ? "" : message));
  }

  void tellMediumError(long blockIndex, long target, boolean onWrite) {
    listener.onMediumError(blockIndex, onWrite, Target.isInSlot(target));
  }
}
