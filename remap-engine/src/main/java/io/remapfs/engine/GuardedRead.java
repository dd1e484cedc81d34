package io.remapfs.engine;

import io.remapfs.engine.RequestState.Asker;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * The reading half of a {@link GuardedRequest}: halve, repeat, read by sectors, then move or
 * declare lost. A request with one lost block still salvages all its others.
 */
final class GuardedRead {
  private final EngineContext context;
  private final RequestState state;

  GuardedRead(EngineContext context, RequestState state) {
    this.context = context;
    this.state = state;
  }

  /** Reads a range; a lost block is told by {@link RequestState#finish}. */
  void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes) throws BlockDeviceException {
    long end = byteOffset + lengthBytes;
    for (long from = byteOffset; from < end; ) {
      long run = context.run(from, end);
      long to = context.runEnd(run, from, end);
      long target = RemapTable.runTarget(run);
      int into = at + (int) (from - byteOffset);
      if (Target.isPending(target)) {
        readPending(target, from, to, buffer, into);
      } else {
        readRun(target, from, to, buffer, into);
      }
      from = to;
    }
  }

  private void readRun(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    BlockDevice device = context.deviceOf(target);
    long deviceOffset = context.deviceOffset(target, from);
    try {
      if (state.asker == Asker.SCANNER) {
        device.readMedium(deviceOffset, buffer, at, (int) (to - from));
      } else {
        device.read(deviceOffset, buffer, at, (int) (to - from));
      }
    } catch (TransportErrorException e) {
      throw state.passOn(target, e);
    } catch (MediumErrorException e) {
      long middle = state.middleBlockBoundary(from, to);
      if (middle == from) {
        readFailingBlock(target, from, to, buffer, at, e);
      } else {
        readRun(target, from, middle, buffer, at);
        readRun(
            state.targetAt(target, from, middle), middle, to, buffer, at + (int) (middle - from));
      }
    }
  }

  private void readFailingBlock(
      long target, long from, long to, IoBuffer buffer, int at, MediumErrorException error)
      throws BlockDeviceException {
    if (!maySalvage(target)) {
      throw error;
    }
    long blockIndex = from >>> context.blockShift;
    IoBuffer block = context.blocks.acquire();
    try {
      Salvage.Outcome outcome = salvageBlock(target, blockIndex, block);
      if (outcome == Salvage.Outcome.LOST) {
        if (!state.blamesMedium(target)) {
          throw error;
        }
        context.tellMediumError(blockIndex, target, false);
        state.relocation.lose(blockIndex, target);
        state.answerLost(error);
      } else {
        boolean stormy =
            outcome == Salvage.Outcome.REPEATED
                && !Target.isInSlot(target)
                && context.storms(() -> context.suspension.recoveredOnRetry(blockIndex));
        if (!stormy) {
          context.tellMediumError(blockIndex, target, false);
        }
        if (!stormy && context.canRelocate() && state.blamesMedium(target)) {
          // Where no slot takes it, the data is still right and the next read tries again.
          state.relocation.move(blockIndex, target, block, Cause.SALVAGED);
        }
      }
      state.copyOut(block, from, to, buffer, at);
    } finally {
      context.blocks.release(block);
    }
  }

  private void readPending(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    long blockIndex = from >>> context.blockShift;
    IoBuffer block = context.blocks.acquire();
    try {
      long deviceOffset = context.deviceOffset(target, blockIndex << context.blockShift);
      BlockDevice device = context.deviceOf(target);
      if (state.salvage.readsOnce(device, deviceOffset, block)) {
        // Where no slot takes it the block stays pending, and is asked again at the next read.
        state.relocation.move(blockIndex, target, block, Cause.SALVAGED);
      } else {
        if (state.answersZeros()) {
          state.salvage.readSectors(device, deviceOffset, block, 0, 0);
        }
        state.answerLost(state.lost(blockIndex));
      }
      state.copyOut(block, from, to, buffer, at);
    } catch (TransportErrorException e) {
      throw state.passOn(target, e);
    } finally {
      context.blocks.release(block);
    }
  }

  private boolean maySalvage(long target) {
    if (Target.isInSlot(target)) {
      return true;
    }
    if (context.suspension.isSuspended()) {
      return context.suspension.allowsRetries();
    }
    return context.blamesMedium();
  }

  private Salvage.Outcome salvageBlock(long target, long blockIndex, IoBuffer into)
      throws BlockDeviceException {
    try {
      return state.salvage.readBlock(
          context.deviceOf(target),
          context.deviceOffset(target, blockIndex << context.blockShift),
          into,
          0,
          0);
    } catch (TransportErrorException e) {
      throw state.passOn(target, e);
    }
  }
}
