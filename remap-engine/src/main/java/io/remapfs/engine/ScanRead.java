package io.remapfs.engine;

import io.remapfs.engine.RequestState.Asker;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import org.jspecify.annotations.Nullable;

/**
 * Reads for the scanner: each block where its newest contents are, from the medium and not from a
 * cache, past the counters of the users' requests.
 *
 * <p><b>How it works.</b> Each run is one transfer, without a guard, as a user's read is. Where
 * that fails, the run is read again in pieces of {@value #PIECE_BYTES} bytes; a piece that fails
 * too is done over as a {@link GuardedRequest}, which salvages as for a user. Then the step ends
 * there: a guard keeps writers waiting, and on a dying disk each failing block takes seconds. Own
 * places of remapped blocks are not read: they hold nothing that anybody wants.
 *
 * <p>The buffer is made with the first step and kept. Thread-safe; one step at a time.
 */
final class ScanRead {
  /** What is salvaged under one guard. */
  private static final int PIECE_BYTES = 64 << 10;

  private final EngineContext context;
  private final int pieceBytes;
  private @Nullable IoBuffer buffer;

  ScanRead(EngineContext context) {
    this.context = context;
    this.pieceBytes = Math.max(PIECE_BYTES, context.blockSizeBytes);
  }

  /** See {@link RemapEngine#scan}; the range is whole blocks, inside the image. */
  synchronized ScanReport scan(long byteOffset, int lengthBytes, boolean retryPending)
      throws BlockDeviceException {
    IoBuffer into = buffer;
    if (into == null) {
      into = IoBuffer.allocate(EngineContext.BOUNCE_BYTES);
      buffer = into;
    }
    long end = byteOffset + lengthBytes;
    long nanos = 0;
    int pending = 0;
    for (long from = byteOffset; from < end; ) {
      long run = context.run(from, end);
      long to = context.runEnd(run, from, end);
      if (Target.isPending(RemapTable.runTarget(run))) {
        if (retryPending) {
          return guarded(byteOffset, from, end, nanos, into, pending);
        }
        pending++;
        from = to;
        continue;
      }
      long start = context.clock.nanoTime();
      if (reads(run, from, to, into)) {
        nanos += context.clock.nanoTime() - start;
      } else {
        long failing = failingPiece(from, to, into);
        if (failing < to) {
          return guarded(byteOffset, failing, to, nanos, into, pending);
        }
      }
      from = to;
    }
    return new ScanReport(lengthBytes, nanos, 0, 0, pending, 0);
  }

  private boolean reads(long run, long from, long to, IoBuffer into) {
    long target = RemapTable.runTarget(run);
    try {
      context
          .deviceOf(target)
          .readMedium(context.deviceOffset(target, from), into, 0, (int) (to - from));
      return true;
    } catch (BlockDeviceException e) {
      return false; // done over under the guard
    }
  }

  /** The first piece that fails again; {@code to} where none does. */
  private long failingPiece(long from, long to, IoBuffer into) {
    for (long piece = from; piece < to; ) {
      long run = context.run(piece, pieceEnd(piece, to));
      long end = context.runEnd(run, piece, pieceEnd(piece, to));
      if (Target.isPending(RemapTable.runTarget(run)) || !reads(run, piece, end, into)) {
        return piece;
      }
      piece = end;
    }
    return to;
  }

  private long pieceEnd(long from, long end) {
    return Math.min(end, (from / pieceBytes + 1) * pieceBytes);
  }

  private ScanReport guarded(
      long byteOffset, long from, long end, long nanos, IoBuffer into, int pending)
      throws BlockDeviceException {
    long to = pieceEnd(from, end);
    int lengthBytes = (int) (to - from);
    context.resumeIfAnswering();
    context.guard.enterExclusive(from, lengthBytes);
    try {
      long[] before = targets(from, to);
      GuardedRequest request = new GuardedRequest(context, Asker.SCANNER);
      // What this throws is laid to nobody's block: the step did not happen.
      request.read(from, into, 0, lengthBytes);
      try {
        request.finish();
      } catch (MediumErrorException e) {
        // Its lost blocks are counted below.
      }
      return counted(
          (int) (to - byteOffset), nanos, before, targets(from, to), request.lostBlocks(), pending);
    } finally {
      context.guard.leaveExclusive(from, lengthBytes);
    }
  }

  private long[] targets(long from, long to) {
    long firstBlock = from >>> context.blockShift;
    long[] targets = new long[(int) ((to - from) >>> context.blockShift)];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = context.table.targetOf(firstBlock + i);
    }
    return targets;
  }

  private static ScanReport counted(
      int scannedBytes, long nanos, long[] before, long[] after, int lostBlocks, int pending) {
    int salvaged = 0;
    int lost = 0;
    int still = 0;
    for (int i = 0; i < before.length; i++) {
      boolean isPending = Target.isPending(after[i]);
      if (isPending && Target.isPending(before[i])) {
        still++;
      } else if (isPending) {
        lost++;
      } else if (after[i] != before[i]) {
        salvaged++;
      }
    }
    int unrecorded = Math.max(0, lostBlocks - lost - still);
    return new ScanReport(scannedBytes, nanos, salvaged, lost, pending + still, unrecorded);
  }
}
