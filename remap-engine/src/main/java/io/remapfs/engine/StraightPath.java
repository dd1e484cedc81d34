package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * The straight path of {@link RemapEngine} in halves, for workers that submit a transfer and do not
 * wait for it: what comes before, and what comes after.
 *
 * <p><b>A read</b>: {@link #enterRead}; the transfer; nothing if it came back whole, else {@link
 * #readAfterFailure}. <b>A write</b>: {@link #enterWrite}; the transfer; {@link #leaveWrite} if it
 * was taken whole, else {@link #leaveFailedWrite} and then {@link #writeAfterFailure}. Each entered
 * write is left in exactly one of these two ways, as soon as its transfer has ended: a mover waits
 * for it, and so would one that does a failed write over, had it to wait for another such thread.
 *
 * <p>Only an aligned range that lies in one piece has a straight path: healthy blocks, or moved
 * ones whose slots follow each other. For any other the entry is refused, nothing was counted or is
 * held, and the request belongs to {@link RemapEngine#read} or {@link RemapEngine#write}. An entry
 * never waits: neither for a mover nor for the device. The order in {@link #enterWrite} is the
 * guard, then the table ({@link RangeGuard} says why).
 *
 * <p>Thread-safe, allocates nothing until a transfer failed; what one thread entered another may
 * leave.
 */
public final class StraightPath {
  /** Instead of a descriptor, within: the range has no straight path now. */
  private static final int NONE = -1;

  private final EngineContext context;
  private final EngineCounters counters;
  private final RangeGuard guard;
  private final ReadPath reads;
  private final WritePath writes;

  StraightPath(EngineContext context, ReadPath reads, WritePath writes) {
    this.context = context;
    this.counters = context.counters;
    this.guard = context.guard;
    this.reads = reads;
    this.writes = writes;
  }

  /**
   * Begins a read.
   *
   * @param byteOffset with {@code lengthBytes} a range inside the image
   * @param at where in {@code buffer} the bytes go
   * @param place takes where they are to be read from
   * @return whether there is a straight path
   */
  public boolean enterRead(
      long byteOffset, IoBuffer buffer, int at, int lengthBytes, TransferPlace place) {
    if (!context.isAligned(byteOffset, buffer, at, lengthBytes)
        || !finds(byteOffset, lengthBytes, place)) {
      return false;
    }
    counters.reads.increment();
    counters.readBytes.add(lengthBytes);
    return true;
  }

  /** Asks the table for the one piece that the range lies in; false if it lies in several. */
  private boolean finds(long byteOffset, int lengthBytes, TransferPlace place) {
    BlockDevice device = context.backing;
    long deviceOffset = byteOffset;
    boolean isOnSpare = false;
    if (!context.isHealthy(byteOffset, lengthBytes)) {
      long end = byteOffset + lengthBytes;
      long run = context.run(byteOffset, end);
      long target = RemapTable.runTarget(run);
      if (!Target.isRemapped(target) || context.runEnd(run, byteOffset, end) != end) {
        return false;
      }
      device = context.deviceOf(target);
      deviceOffset = context.deviceOffset(target, byteOffset);
      isOnSpare = true;
    }
    int descriptor = device.descriptorFor(deviceOffset, lengthBytes);
    place.set(descriptor, deviceOffset, isOnSpare);
    return descriptor != NONE;
  }

  /**
   * Does an entered read over whose transfer failed or was short; may wait for long.
   *
   * @throws BlockDeviceException as {@link RemapEngine#read}
   */
  public void readAfterFailure(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    try {
      reads.readGuarded(byteOffset, buffer, at, lengthBytes);
    } catch (BlockDeviceException e) {
      counters.readErrors.increment();
      throw e;
    }
  }

  /**
   * Begins a write, and keeps movers out of its range.
   *
   * @param byteOffset with {@code lengthBytes} a range inside the image
   * @param at where in {@code buffer} the bytes are
   * @param place takes where they are to be written to
   * @return whether there is a straight path
   */
  public boolean enterWrite(
      long byteOffset, IoBuffer buffer, int at, int lengthBytes, TransferPlace place) {
    if (context.readOnly
        || !context.isAligned(byteOffset, buffer, at, lengthBytes)
        || !guard.tryEnterShared(byteOffset, lengthBytes)) {
      return false;
    }
    boolean isEntered = false;
    try {
      isEntered = finds(byteOffset, lengthBytes, place);
    } finally {
      if (!isEntered) {
        guard.leaveShared(byteOffset, lengthBytes);
      }
    }
    if (isEntered) {
      counters.writes.increment();
      counters.writeBytes.add(lengthBytes);
    }
    return isEntered;
  }

  /** Ends an entered write that the device took whole. */
  public void leaveWrite(long byteOffset, int lengthBytes, TransferPlace place) {
    if (!place.isOnSpare()) {
      counters.backingWrites.increment();
    }
    guard.leaveShared(byteOffset, lengthBytes);
  }

  /** Ends an entered write whose transfer failed or was short. */
  public void leaveFailedWrite(long byteOffset, int lengthBytes) {
    guard.leaveShared(byteOffset, lengthBytes);
  }

  /**
   * Does a write over that failed and was left; may wait for long. What others wrote to the range
   * meanwhile was concurrent with it, since nobody was told yet that it is done.
   *
   * @throws BlockDeviceException as {@link RemapEngine#write}
   */
  public void writeAfterFailure(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    try {
      writes.writeGuarded(byteOffset, buffer, at, lengthBytes);
    } catch (BlockDeviceException e) {
      counters.writeErrors.increment();
      throw e;
    }
  }
}
