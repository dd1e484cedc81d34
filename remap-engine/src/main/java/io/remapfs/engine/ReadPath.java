package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * Reads: one transfer where the range is healthy, one for each run where it is not, and again under
 * the exclusive guard where something fails. Readers need no guard otherwise: a slot is never
 * reused while mounted, so an old table leads to old bytes at worst, never to another block's.
 */
final class ReadPath {
  private final EngineContext context;
  private final RangeGuard guard;
  private final BlockDevice backing;

  ReadPath(EngineContext context) {
    this.context = context;
    this.guard = context.guard;
    this.backing = context.backing;
  }

  void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes) throws BlockDeviceException {
    if (context.isAligned(byteOffset, buffer, at, lengthBytes)) {
      readAligned(byteOffset, buffer, at, lengthBytes);
    } else {
      readBounced(byteOffset, buffer, at, lengthBytes);
    }
  }

  private void readAligned(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    try {
      if (context.isHealthy(byteOffset, lengthBytes)) {
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

  /** Reads an aligned range of which a transfer has failed, or touched a pending block. */
  void readGuarded(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    context.resumeIfAnswering();
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
    IoBuffer bounce = context.bounces.acquire();
    try {
      for (int done = 0; done < lengthBytes; ) {
        int length = Math.min(EngineContext.BOUNCE_BYTES, lengthBytes - done);
        long from = byteOffset + done;
        long alignedFrom = from & ~context.unalignedMask;
        long alignedTo = (from + length + context.unalignedMask) & ~context.unalignedMask;
        readAligned(alignedFrom, bounce, 0, (int) (alignedTo - alignedFrom));
        buffer.bytes().put(at + done, bounce.bytes(), (int) (from - alignedFrom), length);
        done += length;
      }
    } finally {
      context.bounces.release(bounce);
    }
  }
}
