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
import io.remapfs.engine.metadata.Fingerprint;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
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
  /** Pieces that a bounced request or a zeroed range is cut into, in bytes. */
  private static final int BOUNCE_BYTES = 1 << 20;

  /** A zeroed range is guarded piecewise, so that writers elsewhere need not wait for all of it. */
  private static final long ZERO_PIECE_BYTES = 64L << 20;

  private static final int KEPT_BOUNCE_BUFFERS = 2;

  private final EngineContext context;
  private final RangeGuard guard = new RangeGuard();
  private final ScratchPool bounces;
  private final BlockDevice backing;
  private final RemapTable table;
  private final EngineCounters counters;
  private final long sizeBytes;
  private final int blockShift;
  private final long unalignedMask;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RemapEngine(EngineContext context) {
    this.context = context;
    this.backing = context.backing;
    this.table = context.table;
    this.counters = context.counters;
    this.sizeBytes = backing.sizeBytes();
    this.blockShift = context.blockShift;
    this.unalignedMask = Math.max(backing.sectorSizeBytes(), context.spare.sectorSizeBytes()) - 1L;
    this.bounces =
        new ScratchPool(BOUNCE_BYTES + 2 * IoBuffer.ALIGNMENT_BYTES, KEPT_BOUNCE_BUFFERS);
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
      if (isAligned(byteOffset, buffer, at, lengthBytes)) {
        readAligned(byteOffset, buffer, at, lengthBytes);
      } else {
        readBounced(byteOffset, buffer, at, lengthBytes);
      }
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
      if (isAligned(byteOffset, buffer, at, lengthBytes)) {
        writeAligned(byteOffset, buffer, at, lengthBytes);
      } else {
        writeBounced(byteOffset, buffer, at, lengthBytes);
      }
    } catch (BlockDeviceException e) {
      counters.writeErrors.increment();
      throw e;
    }
  }

  /**
   * Makes every acknowledged write durable, on the backing and in the spare.
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
      context.spare.flush();
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
      long end = byteOffset + lengthBytes;
      long blockMask = context.blockSizeBytes - 1L;
      long firstWhole = Math.min(end, (byteOffset + blockMask) & ~blockMask);
      long lastWhole = Math.max(firstWhole, end & ~blockMask);
      writeZeros(byteOffset, firstWhole);
      for (long from = firstWhole; from < lastWhole; ) {
        long to = Math.min(lastWhole, from + ZERO_PIECE_BYTES);
        zeroBlocks(from, to, deallocate);
        from = to;
      }
      writeZeros(lastWhole, end);
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
    guard.enterExclusive(byteOffset, context.blockSizeBytes);
    try {
      boolean moved = new GuardedRequest(context).moveAsAsked(blockIndex);
      return new RemapResult(blockIndex, table.targetOf(blockIndex), moved);
    } finally {
      guard.leaveExclusive(byteOffset, context.blockSizeBytes);
    }
  }

  /**
   * Reads blocks again, salvaging what fails as any read would.
   *
   * @throws TransportErrorException if a device cannot be spoken to
   */
  public VerifyReport verify(long firstBlock, long blockCount) throws BlockDeviceException {
    checkRange(firstBlock << blockShift, blockCount << blockShift);
    IoBuffer buffer = bounces.acquire();
    try {
      long end = (firstBlock + blockCount) << blockShift;
      for (long from = firstBlock << blockShift; from < end; ) {
        int length = (int) Math.min(BOUNCE_BYTES, end - from);
        try {
          read(from, buffer, 0, length);
        } catch (MediumErrorException e) {
          // The lost blocks are in the table now, and counted below.
        }
        from += length;
      }
    } finally {
      bounces.release(buffer);
    }
    long[] counts = new long[2];
    table.forEach(
        (blockIndex, target) -> {
          if (blockIndex >= firstBlock && blockIndex < firstBlock + blockCount) {
            counts[Target.isPending(target) ? 1 : 0]++;
          }
        });
    return new VerifyReport(
        firstBlock, blockCount, blockCount - counts[0] - counts[1], counts[0], counts[1]);
  }

  /** Looks after what no request looks after: to be called about once a second by one thread. */
  public void housekeeping() {
    if (context.suspension.probe()) {
      context.tell(Kind.RESUMED, -1, -1, "the backing answers again");
    }
  }

  /**
   * Ends serving: flushes, takes the backing's fingerprint, writes a clean checkpoint, and closes
   * both devices. After a failure the set stays marked as not cleanly closed. Never throws; does
   * nothing when called again.
   */
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      closeMetadata();
    } finally {
      context.spare.close();
      backing.close();
    }
  }

  private void closeMetadata() {
    if (context.readOnly) {
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

  // ------------------------------------------------------------------------------------- reading

  private void readAligned(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    try {
      if (isHealthy(byteOffset, lengthBytes)) {
        backing.read(byteOffset, buffer, at, lengthBytes);
        return;
      }
      if (readsRuns(byteOffset, buffer, at, lengthBytes)) {
        return;
      }
    } catch (BlockDeviceException e) {
      // Done over below, under the guard.
    }
    readGuarded(byteOffset, buffer, at, lengthBytes);
  }

  /** Reads run by run without a guard; false, with part of it read, at a pending block. */
  private boolean readsRuns(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    long end = byteOffset + lengthBytes;
    for (long from = byteOffset; from < end; ) {
      long run = context.run(from, end);
      long target = RemapTable.runTarget(run);
      if (Target.isPending(target)) {
        return false;
      }
      long to = context.runEnd(run, from, end);
      int into = at + (int) (from - byteOffset);
      context
          .deviceOf(target)
          .read(context.deviceOffset(target, from), buffer, into, (int) (to - from));
      from = to;
    }
    return true;
  }

  private void readGuarded(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    resumeIfAnswering();
    guard.enterExclusive(byteOffset, lengthBytes);
    try {
      GuardedRequest request = new GuardedRequest(context);
      request.read(byteOffset, buffer, at, lengthBytes);
      request.finish();
    } finally {
      guard.leaveExclusive(byteOffset, lengthBytes);
    }
  }

  private void readBounced(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    IoBuffer bounce = bounces.acquire();
    try {
      for (int done = 0; done < lengthBytes; ) {
        int length = Math.min(BOUNCE_BYTES, lengthBytes - done);
        long from = byteOffset + done;
        long alignedFrom = from & ~unalignedMask;
        long alignedTo = (from + length + unalignedMask) & ~unalignedMask;
        readAligned(alignedFrom, bounce, 0, (int) (alignedTo - alignedFrom));
        buffer.bytes().put(at + done, bounce.bytes(), (int) (from - alignedFrom), length);
        done += length;
      }
    } finally {
      bounces.release(bounce);
    }
  }

  // ------------------------------------------------------------------------------------- writing

  private void writeAligned(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    guard.enterShared(byteOffset, lengthBytes);
    try {
      if (writesRuns(byteOffset, buffer, at, lengthBytes)) {
        return;
      }
    } catch (BlockDeviceException e) {
      // Done over below, under the exclusive guard.
    } finally {
      guard.leaveShared(byteOffset, lengthBytes);
    }
    resumeIfAnswering();
    guard.enterExclusive(byteOffset, lengthBytes);
    try {
      GuardedRequest request = new GuardedRequest(context);
      request.write(byteOffset, buffer, at, lengthBytes);
      request.finish();
    } finally {
      guard.leaveExclusive(byteOffset, lengthBytes);
    }
  }

  /** Writes under the shared guard; false, with part of it written, at a pending block. */
  private boolean writesRuns(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    if (isHealthy(byteOffset, lengthBytes)) {
      backing.write(byteOffset, buffer, at, lengthBytes);
      counters.backingWrites.increment();
      return true;
    }
    long end = byteOffset + lengthBytes;
    for (long from = byteOffset; from < end; ) {
      long run = context.run(from, end);
      long target = RemapTable.runTarget(run);
      if (Target.isPending(target)) {
        return false;
      }
      long to = context.runEnd(run, from, end);
      context
          .deviceOf(target)
          .write(
              context.deviceOffset(target, from),
              buffer,
              at + (int) (from - byteOffset),
              (int) (to - from));
      from = to;
    }
    return true;
  }

  /**
   * Writes what is not aligned to sectors: reads the sectors at both ends, lays the new bytes over
   * them, and writes all, with every other writer of these blocks kept out.
   */
  private void writeBounced(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    IoBuffer bounce = bounces.acquire();
    try {
      for (int done = 0; done < lengthBytes; ) {
        int length = Math.min(BOUNCE_BYTES, lengthBytes - done);
        long from = byteOffset + done;
        long alignedFrom = from & ~unalignedMask;
        int alignedLength =
            (int) (((from + length + unalignedMask) & ~unalignedMask) - alignedFrom);
        guard.enterExclusive(alignedFrom, alignedLength);
        try {
          GuardedRequest request = new GuardedRequest(context);
          readEnds(request, from, length, bounce);
          request.finish();
          bounce.bytes().put((int) (from - alignedFrom), buffer.bytes(), at + done, length);
          request.write(alignedFrom, bounce, 0, alignedLength);
          request.finish();
        } finally {
          guard.leaveExclusive(alignedFrom, alignedLength);
        }
        done += length;
      }
    } finally {
      bounces.release(bounce);
    }
  }

  private void readEnds(GuardedRequest request, long from, int length, IoBuffer bounce)
      throws BlockDeviceException {
    int sector = (int) unalignedMask + 1;
    long firstSector = from & ~unalignedMask;
    long lastSector = (from + length - 1) & ~unalignedMask;
    boolean firstIsPartial = from != firstSector || (firstSector == lastSector && length < sector);
    if (firstIsPartial) {
      request.read(firstSector, bounce, 0, sector);
    }
    boolean lastIsPartial = ((from + length) & unalignedMask) != 0;
    if (lastIsPartial && !(firstIsPartial && lastSector == firstSector)) {
      request.read(lastSector, bounce, (int) (lastSector - firstSector), sector);
    }
  }

  // ------------------------------------------------------------------------------------- zeroing

  private void zeroBlocks(long from, long to, boolean deallocate) throws BlockDeviceException {
    guard.enterShared(from, to - from);
    try {
      if (zeroesRuns(from, to, deallocate)) {
        return;
      }
    } catch (BlockDeviceException e) {
      // Zeros are written below instead, block by block where they must be.
    } finally {
      guard.leaveShared(from, to - from);
    }
    writeZeros(from, to);
  }

  /** Zeroes whole blocks in place; false, with part of it zeroed, at a pending block. */
  private boolean zeroesRuns(long start, long end, boolean deallocate) throws BlockDeviceException {
    for (long from = start; from < end; ) {
      long run = context.run(from, end);
      long target = RemapTable.runTarget(run);
      if (Target.isPending(target)) {
        return false;
      }
      long to = context.runEnd(run, from, end);
      // A slot keeps its place on the spare: it is in use, whatever it contains.
      boolean release = deallocate && target == Target.HEALTHY;
      context.deviceOf(target).zero(context.deviceOffset(target, from), to - from, release);
      from = to;
    }
    return true;
  }

  private void writeZeros(long from, long to) throws BlockDeviceException {
    if (from == to) {
      return;
    }
    IoBuffer zeros = IoBuffer.allocate((int) Math.min(BOUNCE_BYTES, to - from));
    for (long at = from; at < to; ) {
      int length = (int) Math.min(zeros.capacityBytes(), to - at);
      if (isAligned(at, zeros, 0, length)) {
        writeAligned(at, zeros, 0, length);
      } else {
        writeBounced(at, zeros, 0, length);
      }
      at += length;
    }
  }

  // ------------------------------------------------------------------------------------- checks

  private boolean isHealthy(long byteOffset, int lengthBytes) {
    long firstBlock = byteOffset >>> blockShift;
    long lastBlock = (byteOffset + lengthBytes - 1) >>> blockShift;
    return table.isHealthy(firstBlock, lastBlock - firstBlock + 1);
  }

  private boolean isAligned(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    return ((byteOffset | lengthBytes | (buffer.address() + at)) & unalignedMask) == 0;
  }

  /** While suspended a request may ask, now and then, whether the device is back. */
  private void resumeIfAnswering() {
    if (context.suspension.isSuspended()) {
      housekeeping();
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
