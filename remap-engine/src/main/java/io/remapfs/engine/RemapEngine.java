package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.engine.metadata.Fingerprint;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.spare.SpareMembers;
import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Turns the bytes of the image into bytes of the backing or of the spare.
 *
 * <p><b>The straight path.</b> A read asks the table whether its range is healthy, and is then one
 * transfer. A write enters the range's guard first, and only then asks the table ({@link
 * RangeGuard} says why). Neither takes a lock, allocates, or looks at a clock.
 *
 * <p><b>Off the path.</b> A range with remapped blocks is one transfer for each contiguous run.
 * Whatever fails, or touches a pending block, is done over as a {@link GuardedRequest} under the
 * exclusive guard. What is not aligned to sectors is bounced through aligned buffers.
 *
 * <p><b>Invariants.</b>
 *
 * <ol>
 *   <li>Data durable in its slot, then the mapping durable in the journal, then the table, then the
 *       acknowledgement.
 *   <li>A read returns the newest acknowledged bytes or fails; it never returns what was lost.
 *   <li>No error that may be the transport's spends a slot or makes a block pending.
 *   <li>After a flush failed once, every later one fails until the image is mounted anew.
 * </ol>
 *
 * <p>Thread-safe. {@link #close} must come after the last request.
 */
public final class RemapEngine {
  /** The most that one {@link #scan} reads, in bytes. */
  public static final int MAX_SCAN_BYTES = EngineContext.BOUNCE_BYTES;

  private final EngineContext context;
  private final ReadPath reads;
  private final WritePath writes;
  private final ZeroPath zeroes;
  private final ScanRead scans;
  private final StraightPath straight;
  private final BlockDevice backing;
  private final RemapTable table;
  private final EngineCounters counters;
  private final long sizeBytes;
  private final int blockShift;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RemapEngine(EngineContext context) {
    this.context = context;
    this.backing = context.backing;
    this.table = context.table;
    this.counters = context.counters;
    this.sizeBytes = backing.sizeBytes();
    this.blockShift = context.blockShift;
    this.reads = new ReadPath(context);
    this.writes = new WritePath(context);
    this.zeroes = new ZeroPath(context, writes);
    this.scans = new ScanRead(context);
    this.straight = new StraightPath(context, reads, writes);
  }

  /**
   * Starts serving. Takes both devices and the metadata over; {@link #close} closes them.
   *
   * @param metadata recovered from the spare of this backing
   * @param access READ_ONLY refuses writes and changes nothing on either device
   */
  public static RemapEngine open(
      BlockDevice backing,
      MetadataStore metadata,
      EngineOptions options,
      EngineListener listener,
      Access access) {
    return open(backing, metadata, options, listener, access, EngineClock.SYSTEM);
  }

  static RemapEngine open(
      BlockDevice backing,
      MetadataStore metadata,
      EngineOptions options,
      EngineListener listener,
      Access access,
      EngineClock clock) {
    EngineContext context =
        new EngineContext(backing, metadata, options, listener, clock, access == Access.READ_ONLY);
    if (backing.sectorSizeBytes() > context.blockSizeBytes) {
      throw new IllegalArgumentException(
          "a block of " + context.blockSizeBytes + " bytes is smaller than the disk's sector");
    }
    if (metadata.recovery().damagedBlocks() > 0 && metadata.recovery().repaired()) {
      String repaired = metadata.recovery().damagedBlocks() + " damaged blocks were rewritten";
      context.tell(Kind.METADATA_REPAIRED, -1, -1, repaired);
    }
    return new RemapEngine(context);
  }

  /** The image's size in bytes: the backing's. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** The unit of remapping in bytes. */
  public int blockSizeBytes() {
    return context.blockSizeBytes;
  }

  /** Whether writes are refused. */
  public boolean isReadOnly() {
    return context.readOnly;
  }

  /**
   * Reads any range of the image.
   *
   * @param at where in {@code buffer} the bytes go
   * @throws MediumErrorException if a block of the range is lost
   * @throws TransportErrorException if a device cannot be spoken to
   */
  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    checkRange(byteOffset, lengthBytes);
    counters.reads.increment();
    counters.readBytes.add(lengthBytes);
    try {
      reads.read(byteOffset, buffer, at, lengthBytes);
    } catch (BlockDeviceException e) {
      counters.readErrors.increment();
      throw e;
    }
  }

  /**
   * Writes any range of the image. The bytes survive a power cut after the next {@link #flush}.
   *
   * @throws MediumErrorException if a block of the range can be written nowhere, or would be
   *     written in part while the rest of it is lost
   * @throws TransportErrorException if a device cannot be spoken to
   */
  public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    checkRange(byteOffset, lengthBytes);
    refuseIfReadOnly();
    counters.writes.increment();
    counters.writeBytes.add(lengthBytes);
    try {
      writes.write(byteOffset, buffer, at, lengthBytes);
    } catch (BlockDeviceException e) {
      counters.writeErrors.increment();
      throw e;
    }
  }

  /** The straight path in halves, for workers that do not wait for their transfers. */
  public StraightPath straightPath() {
    return straight;
  }

  /**
   * Makes every acknowledged write durable, on the backing and in every spare.
   *
   * @throws BlockDeviceException if that failed, now or ever since mount: what the device dropped
   *     then does not come back, so a later success would prove nothing
   */
  public void flush() throws BlockDeviceException {
    counters.flushes.increment();
    if (context.readOnly) {
      return;
    }
    try {
      backing.flush();
      for (SpareMember each : context.pool.members().live()) {
        each.device().flush();
      }
    } catch (BlockDeviceException e) {
      context.flushHasFailed(e);
      throw e;
    }
  }

  /**
   * Makes a range read as zeros: discard, punch hole, write zeroes.
   *
   * @param deallocate whether the backing may give the space back
   */
  public void zero(long byteOffset, long lengthBytes, boolean deallocate)
      throws BlockDeviceException {
    checkRange(byteOffset, lengthBytes);
    refuseIfReadOnly();
    counters.writes.increment();
    try {
      zeroes.zero(byteOffset, lengthBytes, deallocate);
    } catch (BlockDeviceException e) {
      counters.writeErrors.increment();
      throw e;
    }
  }

  /**
   * A snapshot of state and counters; each figure is right, together they may be a moment apart.
   */
  public EngineStatus status() {
    return EngineStatusReport.of(context);
  }

  /** Visits the blocks that are not healthy, in ascending order. */
  public void forEachEntry(EntryVisitor visitor) {
    table.forEach(visitor);
  }

  /**
   * Moves a block to a slot because the user asks for it; one that is in a slot stays there.
   *
   * @throws MediumErrorException if the block is lost, or no slot takes it
   */
  public RemapResult remap(long blockIndex) throws BlockDeviceException {
    long byteOffset = blockIndex << blockShift;
    checkRange(byteOffset, context.blockSizeBytes);
    refuseIfReadOnly();
    context.guard.enterExclusive(byteOffset, context.blockSizeBytes);
    try {
      boolean moved = new GuardedRequest(context).moveAsAsked(blockIndex);
      return new RemapResult(blockIndex, table.targetOf(blockIndex), moved);
    } finally {
      context.guard.leaveExclusive(byteOffset, context.blockSizeBytes);
    }
  }

  /**
   * Moves the remapped blocks of a range back to their own places, because the user asks for it:
   * each that its place takes and gives back, durably. Healthy and pending blocks are left alone.
   * What was moved back before an error stays so.
   *
   * @throws TransportErrorException while suspended or in an emergency, if mounted read-only, or if
   *     a device cannot be spoken to
   * @throws MediumErrorException if the metadata cannot be written
   */
  public UnmapReport unmap(long firstBlock, long blockCount) throws BlockDeviceException {
    checkRange(firstBlock << blockShift, blockCount << blockShift);
    refuseIfReadOnly();
    context.resumeIfAnswering();
    return new Unmapping(context).unmap(firstBlock, blockCount);
  }

  /**
   * Records healthy blocks as lost, because the user knows that the medium does not yield them; it
   * is not asked. Each is tried once when it is next read. Blocks that are remapped or pending are
   * left alone. What was marked before an error stays so.
   *
   * @param runs inside the image, in any order; in ascending order they share the most flushes
   * @throws TransportErrorException if mounted read-only
   * @throws MediumErrorException if the metadata cannot be written
   */
  public MarkReport markLost(List<BlockRun> runs) throws BlockDeviceException {
    for (BlockRun run : runs) {
      if (run.endBlock() > sizeBytes >>> blockShift) {
        throw new IllegalArgumentException(run + " is outside the image");
      }
    }
    refuseIfReadOnly();
    return new LossMarking(context).mark(runs);
  }

  /**
   * Adds a spare while requests go on: its slots come after those of the others, and it holds the
   * metadata from then on.
   *
   * @param device open and locked; everything on it is lost. The engine closes it, at once if it is
   *     not added
   * @param pathHint its absolute path: where the next open will look for it
   * @throws IllegalArgumentException if it does not suit, {@link
   *     io.remapfs.engine.spare.SpareTooSmallException} among them; nothing was written
   * @throws MetadataUnavailableException if it is not certain whether it was added; state EMERGENCY
   *     until the next open has looked
   * @throws IOException if it is no good as a spare, or nothing may be changed; all is as it was
   */
  public AddedSpare addSpare(BlockDevice device, String pathHint) throws IOException {
    return new SpareAdding(context).add(device, pathHint, 0);
  }

  /**
   * Adds a spare and moves every block that is in a slot of another to it, while requests go on.
   *
   * @param device as in {@link #addSpare}, and with slots for all the blocks
   * @throws IOException as {@link #addSpare}; and as {@link #migrateToNewest}, after it was added
   */
  public MigrationReport migrate(BlockDevice device, String pathHint, MigrationProgress progress)
      throws IOException {
    new SpareAdding(context).add(device, pathHint, table.remappedCount());
    return migrateToNewest(progress);
  }

  /**
   * Moves every block that is in a slot of an older spare to the newest one, and releases the older
   * ones that hold no block any more; goes on where a former run was stopped. Without older spares
   * it does nothing.
   *
   * @throws TransportErrorException if a spare cannot be spoken to, in an emergency, or if mounted
   *     read-only
   * @throws MediumErrorException if a block finds no slot, or the metadata cannot be written
   */
  public MigrationReport migrateToNewest(MigrationProgress progress) throws BlockDeviceException {
    refuseIfReadOnly();
    return new Migration(context).migrate(progress);
  }

  /**
   * Reads a range for the scanner, past the counters of the users' requests: each block where its
   * newest contents are, from the medium and not from a cache. What fails is salvaged as for a
   * user; the step then ends after at most 64 KiB, for others wait for the guard.
   *
   * @param byteOffset a multiple of the block size
   * @param lengthBytes a multiple of the block size, at most {@link #MAX_SCAN_BYTES}
   * @param retryPending whether a pending block gets its one attempt
   * @throws BlockDeviceException if an error cannot be laid to the medium; nothing is known of the
   *     range then, and nothing of it was changed that a user's read would not have changed
   */
  public ScanReport scan(long byteOffset, int lengthBytes, boolean retryPending)
      throws BlockDeviceException {
    checkRange(byteOffset, lengthBytes);
    if (lengthBytes > MAX_SCAN_BYTES
        || ((byteOffset | lengthBytes) & (context.blockSizeBytes - 1)) != 0) {
      throw new IllegalArgumentException(
          lengthBytes + " bytes at " + byteOffset + " are no blocks to scan at once");
    }
    return scans.scan(byteOffset, lengthBytes, retryPending);
  }

  /** How {@link #scan} gets past the kernel's cache of the backing, in words for people. */
  public String mediumAccess() {
    return backing.mediumAccess();
  }

  /** The users' requests since mount: what the scanner gives way to. */
  public long userRequests() {
    return counters.reads.sum() + counters.writes.sum() + counters.flushes.sum();
  }

  /**
   * Reads blocks again, salvaging what fails as any read would, and tries the own places of those
   * that are remapped or pending, which changes nothing.
   *
   * @throws TransportErrorException if a device cannot be spoken to
   */
  public VerifyReport verify(long firstBlock, long blockCount) throws BlockDeviceException {
    checkRange(firstBlock << blockShift, blockCount << blockShift);
    IoBuffer buffer = context.bounces.acquire();
    try {
      long end = (firstBlock + blockCount) << blockShift;
      for (long from = firstBlock << blockShift; from < end; ) {
        int length = (int) Math.min(EngineContext.BOUNCE_BYTES, end - from);
        try {
          read(from, buffer, 0, length);
        } catch (MediumErrorException e) {
          // The lost blocks are in the table now, and counted below.
        }
        from += length;
      }
    } finally {
      context.bounces.release(buffer);
    }
    return countAndRetest(firstBlock, blockCount);
  }

  private VerifyReport countAndRetest(long firstBlock, long blockCount)
      throws TransportErrorException {
    long remapped = 0;
    long pending = 0;
    long recovered = 0;
    for (long block = firstBlock; block < firstBlock + blockCount; ) {
      long run = table.run(block, firstBlock + blockCount - block);
      long end = block + RemapTable.runLength(run);
      if (RemapTable.runTarget(run) == Target.HEALTHY) {
        block = end;
        continue;
      }
      if (Target.isPending(RemapTable.runTarget(run))) {
        pending += end - block;
      } else {
        remapped += end - block;
      }
      for (; block < end; block++) {
        recovered += ownPlaceReads(block) ? 1 : 0;
      }
    }
    long healthy = blockCount - remapped - pending;
    return new VerifyReport(firstBlock, blockCount, healthy, remapped, pending, recovered);
  }

  /** One attempt, past the table: what is there may be older than the block. */
  private boolean ownPlaceReads(long blockIndex) throws TransportErrorException {
    IoBuffer block = context.blocks.acquire();
    try {
      backing.read(blockIndex << blockShift, block, 0, context.blockSizeBytes);
      return true;
    } catch (TransportErrorException e) {
      context.transportFailed(e);
      throw e;
    } catch (BlockDeviceException e) {
      return false;
    } finally {
      context.blocks.release(block);
    }
  }

  /** Looks after what no request looks after: to be called about once a second by one thread. */
  public void housekeeping() {
    context.housekeeping();
  }

  /**
   * Ends serving: flushes, takes the backing's fingerprint, writes a clean checkpoint, and closes
   * all devices. Where nothing was written and the set is as clean as it was found, nothing is
   * written now either. After a failure the set stays marked as not cleanly closed. Never throws;
   * does nothing when called again.
   */
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      closeMetadata();
    } finally {
      SpareMembers members = context.pool.members();
      members.released().forEach(each -> each.device().close());
      members.live().forEach(each -> each.device().close());
      backing.close();
    }
  }

  private void closeMetadata() {
    boolean untouched = counters.writes.sum() == 0 && context.metadata.isDurablyClean();
    if (context.readOnly || untouched) {
      context.metadata.closeUnclean();
      return;
    }
    try {
      flush();
      context.metadata.closeClean(Fingerprint.take(backing, table, context.blockSizeBytes));
    } catch (BlockDeviceException | MetadataUnavailableException e) {
      context.metadataFailed("the set could not be closed cleanly: " + e.getMessage());
      context.metadata.closeUnclean();
    }
  }

  private void checkRange(long byteOffset, long lengthBytes) {
    if (byteOffset < 0 || lengthBytes <= 0 || byteOffset > sizeBytes - lengthBytes) {
      throw new IllegalArgumentException(
          lengthBytes + " bytes at " + byteOffset + " are outside the image");
    }
  }

  private void refuseIfReadOnly() throws TransportErrorException {
    if (context.readOnly) {
      throw DeviceErrors.readOnly(backing.name());
    }
  }
}
