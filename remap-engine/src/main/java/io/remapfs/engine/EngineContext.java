package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SparePool;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What every request needs: the devices, the table, and what is known of their troubles.
 *
 * <p>Thread-safe; a field that changes is volatile or says how it is guarded.
 */
final class EngineContext {
  /** Pieces that a bounced request is cut into, in bytes. */
  static final int BOUNCE_BYTES = 1 << 20;

  /** The share of the journal that is filled when housekeeping empties it. */
  private static final double CHECKPOINT_FILL = 0.5;

  private static final int KEPT_BLOCKS = 8;
  private static final int KEPT_BOUNCES = 2;

  final BlockDevice backing;
  final BlockDevice spare;
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

  /** Why the spare takes no new blocks just now; null while it does. */
  private volatile @Nullable String spareTrouble;

  private volatile boolean flushFailed;
  private volatile boolean exhaustionTold;
  private volatile boolean emergencyTold;
  private int toldCopies;

  EngineContext(
      BlockDevice backing,
      MetadataStore metadata,
      EngineOptions options,
      EngineListener listener,
      EngineClock clock,
      boolean readOnly) {
    this.backing = backing;
    this.spare = metadata.spare();
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
    this.unalignedMask = Math.max(backing.sectorSizeBytes(), spare.sectorSizeBytes()) - 1L;
    this.toldCopies = SpareLayout.ZONES;
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
    if (suspension.isSuspended() && suspension.probe()) {
      tell(Kind.RESUMED, -1, -1, "the backing answers again");
    }
  }

  /** Empties the journal in a quiet moment, so that a burst of bad blocks finds room in it. */
  void checkpointIfDue() {
    if (readOnly || metadata.isUnavailable() || metadata.journalFill() < CHECKPOINT_FILL) {
      return;
    }
    try {
      metadata.checkpoint();
    } catch (MetadataUnavailableException e) {
      metadataFailed(String.valueOf(e.getMessage()));
    }
  }

  /** Tells of copies of the metadata that refused a write since it was last asked. */
  synchronized void tellLostCopies() {
    int copies = metadata.healthyCopies();
    if (copies < toldCopies && !metadata.isUnavailable()) {
      toldCopies = copies;
      String why = String.join("; ", metadata.lostCopies());
      tell(Kind.METADATA_COPY_LOST, -1, -1, copies + " copies of the metadata are left: " + why);
    }
  }

  /** The device that holds the newest contents of a block with this target. */
  BlockDevice deviceOf(long target) {
    return Target.isInSlot(target) ? spare : backing;
  }

  /** The byte on {@link #deviceOf} that is byte {@code byteOffset} of the image. */
  long deviceOffset(long target, long byteOffset) {
    return Target.isInSlot(target)
        ? pool.layout().slotByteOffset(Target.slot(target)) + (byteOffset & (blockSizeBytes - 1))
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
      blocksInRun = Math.min(blocksInRun, pool.layout().contiguousSlots(Target.slot(target)));
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

  /** Tells of an error that speaks of the way to the backing. */
  void transportFailed(TransportErrorException e) {
    suspend("the backing does not answer: " + e.getMessage());
  }

  void suspend(String why) {
    if (suspension.suspend(why)) {
      tell(Kind.SUSPENDED, -1, -1, why);
    }
  }

  /**
   * Whether an error of a block on the backing may be laid to the medium; suspends remapping where
   * it may not. To be asked before a slot is spent or a block is declared lost.
   */
  boolean blamesMedium() {
    if (suspension.isSuspended()) {
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
      tell(Kind.SUSPENDED, -1, -1, suspension.reason());
    }
    return storm;
  }

  /** Whether the spare still answers at its two ends, so that a slot's error is the slot's own. */
  boolean spareAnswers() {
    IoBuffer buffer = blocks.acquire();
    try {
      return spareAnswersAt(0, buffer)
          || spareAnswersAt(pool.layout().slotByteOffset(0), buffer)
          || spareAnswersAt(pool.layout().slotByteOffset(pool.slotCount() - 1), buffer);
    } finally {
      blocks.release(buffer);
    }
  }

  private boolean spareAnswersAt(long byteOffset, IoBuffer buffer) {
    try {
      spare.read(byteOffset, buffer, 0, blockSizeBytes);
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }

  @Nullable String spareTrouble() {
    return spareTrouble;
  }

  /** Tells that the spare refused a block for a reason that is not the slot's. */
  void spareFailed(String why) {
    if (spareTrouble == null) {
      tell(Kind.EMERGENCY, -1, -1, "no block can be moved: " + why);
    }
    spareTrouble = why;
  }

  void spareWorks() {
    if (spareTrouble != null) {
      spareTrouble = null;
      tell(Kind.RESUMED, -1, -1, "the spare takes blocks again");
    }
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
      tell(Kind.SPARE_EXHAUSTED, -1, -1, "no free slot is left in " + spare.name());
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
}
