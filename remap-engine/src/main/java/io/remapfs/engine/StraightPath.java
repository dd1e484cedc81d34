package io.remapfs.engine;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.guard.RangeGuard;

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
 * <p>Only an aligned range of healthy blocks has a straight path; for any other the entry is
 * refused, nothing was counted or is held, and the request belongs to {@link RemapEngine#read} or
 * {@link RemapEngine#write}. An entry never waits: neither for a mover nor for the device. The
 * order in {@link #enterWrite} is the guard, then the table ({@link RangeGuard} says why).
 *
 * <p>Thread-safe, allocates nothing until a transfer failed; what one thread entered another may
 * leave.
 */
public final class StraightPath {
  /** Instead of a descriptor: the range has no straight path now. */
  public static final int NONE = -1;

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
   * @return the descriptor to read from, at the same offset; or {@link #NONE}
   */
  public int enterRead(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    if (!context.isAligned(byteOffset, buffer, at, lengthBytes)
        || !context.isHealthy(byteOffset, lengthBytes)) {
      return NONE;
    }
    int descriptor = context.backing.descriptorFor(byteOffset, lengthBytes);
    if (descriptor != NONE) {
      counters.reads.increment();
      counters.readBytes.add(lengthBytes);
    }
    return descriptor;
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
   * @return the descriptor to write to, at the same offset; or {@link #NONE}
   */
  public int enterWrite(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    if (context.readOnly
        || !context.isAligned(byteOffset, buffer, at, lengthBytes)
        || !guard.tryEnterShared(byteOffset, lengthBytes)) {
      return NONE;
    }
    int descriptor = NONE;
    try {
      if (context.isHealthy(byteOffset, lengthBytes)) {
        descriptor = context.backing.descriptorFor(byteOffset, lengthBytes);
      }
    } finally {
      if (descriptor == NONE) {
        guard.leaveShared(byteOffset, lengthBytes);
      }
    }
    if (descriptor != NONE) {
      counters.writes.increment();
      counters.writeBytes.add(lengthBytes);
    }
    return descriptor;
  }

  /** Ends an entered write that the device took whole. */
  public void leaveWrite(long byteOffset, int lengthBytes) {
    counters.backingWrites.increment();
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
