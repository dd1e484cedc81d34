package io.remapfs.engine;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * Discard, punch hole and write zeroes: whole blocks are zeroed in place, by the device where it
 * can; the ends of a range, and blocks that refuse or are pending, get zeros written.
 */
final class ZeroPath {
  /** A long range is guarded piecewise, so that writers elsewhere need not wait for all of it. */
  private static final long PIECE_BYTES = 64L << 20;

  private final EngineContext context;
  private final RangeGuard guard;
  private final WritePath writes;

  ZeroPath(EngineContext context, WritePath writes) {
    this.context = context;
    this.guard = context.guard;
    this.writes = writes;
  }

  void zero(long byteOffset, long lengthBytes, boolean deallocate) throws BlockDeviceException {
    long end = byteOffset + lengthBytes;
    long blockMask = context.blockSizeBytes - 1L;
    long firstWhole = Math.min(end, (byteOffset + blockMask) & ~blockMask);
    long lastWhole = Math.max(firstWhole, end & ~blockMask);
    writeZeros(byteOffset, firstWhole);
    for (long from = firstWhole; from < lastWhole; ) {
      long to = Math.min(lastWhole, from + PIECE_BYTES);
      zeroBlocks(from, to, deallocate);
      from = to;
    }
    writeZeros(lastWhole, end);
  }

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
    IoBuffer zeros = IoBuffer.allocate((int) Math.min(EngineContext.BOUNCE_BYTES, to - from));
    for (long at = from; at < to; ) {
      int length = (int) Math.min(zeros.capacityBytes(), to - at);
      writes.write(at, zeros, 0, length);
      at += length;
    }
  }
}
