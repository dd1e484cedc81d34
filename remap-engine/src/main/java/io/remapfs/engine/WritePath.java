package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * Writes. The order is the whole point: enter the range's guard, <em>then</em> ask the table; see
 * {@link RangeGuard}. Where something fails or is pending, the range is written again as a {@link
 * GuardedRequest}.
 */
final class WritePath {
  private final EngineContext context;
  private final RangeGuard guard;
  private final BlockDevice backing;

  WritePath(EngineContext context) {
    this.context = context;
    this.guard = context.guard;
    this.backing = context.backing;
  }

  void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    if (context.isAligned(byteOffset, buffer, at, lengthBytes)) {
      writeAligned(byteOffset, buffer, at, lengthBytes);
    } else {
      writeBounced(byteOffset, buffer, at, lengthBytes);
    }
  }

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
    writeGuarded(byteOffset, buffer, at, lengthBytes);
  }

  /** Writes an aligned range of which a transfer has failed, or touched a pending block. */
  void writeGuarded(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    context.resumeIfAnswering();
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
    if (context.isHealthy(byteOffset, lengthBytes)) {
      backing.write(byteOffset, buffer, at, lengthBytes);
      context.counters.backingWrites.increment();
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
    IoBuffer bounce = context.bounces.acquire();
    try {
      for (int done = 0; done < lengthBytes; ) {
        int length = Math.min(EngineContext.BOUNCE_BYTES, lengthBytes - done);
        long from = byteOffset + done;
        long alignedFrom = from & ~context.unalignedMask;
        int alignedLength =
            (int)
                (((from + length + context.unalignedMask) & ~context.unalignedMask) - alignedFrom);
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
      context.bounces.release(bounce);
    }
  }

  private void readEnds(GuardedRequest request, long from, int length, IoBuffer bounce)
      throws BlockDeviceException {
    int sector = (int) context.unalignedMask + 1;
    long firstSector = from & ~context.unalignedMask;
    long lastSector = (from + length - 1) & ~context.unalignedMask;
    boolean firstIsPartial = from != firstSector || (firstSector == lastSector && length < sector);
    if (firstIsPartial) {
      request.read(firstSector, bounce, 0, sector);
    }
    boolean lastIsPartial = ((from + length) & context.unalignedMask) != 0;
    if (lastIsPartial && !(firstIsPartial && lastSector == firstSector)) {
      request.read(lastSector, bounce, (int) (lastSector - firstSector), sector);
    }
  }
}
