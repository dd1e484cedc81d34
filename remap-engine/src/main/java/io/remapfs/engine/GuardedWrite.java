package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * The writing half of a {@link GuardedRequest}: halve, repeat, then move the block with the new
 * data merged into what it had. New data that finds no place fails the request.
 */
final class GuardedWrite {
  private final EngineContext context;
  private final RequestState state;

  GuardedWrite(EngineContext context, RequestState state) {
    this.context = context;
    this.state = state;
  }

  /** Writes a range. */
  void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    long end = byteOffset + lengthBytes;
    for (long from = byteOffset; from < end; ) {
      long run = context.run(from, end);
      long to = context.runEnd(run, from, end);
      long target = RemapTable.runTarget(run);
      int out = at + (int) (from - byteOffset);
      if (Target.isPending(target)) {
        writePending(target, from, to, buffer, out);
      } else {
        writeRun(target, from, to, buffer, out);
      }
      from = to;
    }
  }

  private void writeRun(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    BlockDevice device = context.deviceOf(target);
    try {
      device.write(context.deviceOffset(target, from), buffer, at, (int) (to - from));
      if (!Target.isInSlot(target)) {
        context.counters.backingWrites.increment();
      }
    } catch (TransportErrorException e) {
      throw state.passOnWrite(target, e);
    } catch (MediumErrorException e) {
      long middle = state.middleBlockBoundary(from, to);
      if (middle == from) {
        writeFailingBlock(target, from, to, buffer, at, e);
      } else {
        writeRun(target, from, middle, buffer, at);
        writeRun(
            state.targetAt(target, from, middle), middle, to, buffer, at + (int) (middle - from));
      }
    }
  }

  private void writeFailingBlock(
      long target, long from, long to, IoBuffer buffer, int at, MediumErrorException error)
      throws BlockDeviceException {
    if (!context.canRelocate() || !state.blamesMedium(target)) {
      throw error;
    }
    long blockIndex = from >>> context.blockShift;
    try {
      if (state.salvage.repeatWrite(
          context.deviceOf(target),
          context.deviceOffset(target, from),
          buffer,
          at,
          (int) (to - from))) {
        context.tellMediumError(blockIndex, target, true);
        return;
      }
    } catch (TransportErrorException e) {
      throw state.passOnWrite(target, e);
    }
    if (!state.blamesMedium(target)
        || (!Target.isInSlot(target)
            && context.storms(() -> context.suspension.refusedWrite(blockIndex)))) {
      throw error;
    }
    context.tellMediumError(blockIndex, target, true);
    IoBuffer block = context.blocks.acquire();
    try {
      if (mergedWithOld(target, blockIndex, from, to, block, error)) {
        state.copyIn(buffer, at, from, to, block);
        moveOrRefuse(blockIndex, target, block);
      }
    } finally {
      context.blocks.release(block);
    }
  }

  /** Fills {@code block} with what the write leaves as it was; false where that is lost. */
  private boolean mergedWithOld(
      long target, long blockIndex, long from, long to, IoBuffer block, MediumErrorException error)
      throws BlockDeviceException {
    if (to - from == context.blockSizeBytes) {
      return true;
    }
    long blockStart = blockIndex << context.blockShift;
    long deviceOffset = context.deviceOffset(target, blockStart);
    BlockDevice device = context.deviceOf(target);
    try {
      if (state.salvage.readsOnce(device, deviceOffset, block)) {
        return true;
      }
      Salvage.Outcome outcome =
          state.salvage.readBlock(
              device, deviceOffset, block, (int) (from - blockStart), (int) (to - blockStart));
      if (outcome != Salvage.Outcome.LOST) {
        return true;
      }
    } catch (TransportErrorException e) {
      throw state.passOn(target, e);
    }
    if (!state.blamesMedium(target)) {
      throw error;
    }
    if (context.options.unreadable() == EngineOptions.Unreadable.ZERO) {
      context.counters.zeroFilledBlocks.increment();
      return true;
    }
    state.relocation.lose(blockIndex, target);
    state.failWith(error);
    return false;
  }

  private void writePending(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    long blockIndex = from >>> context.blockShift;
    boolean whole = to - from == context.blockSizeBytes;
    IoBuffer block = context.blocks.acquire();
    try {
      if (!whole && !oldOfPending(target, blockIndex, block)) {
        state.failWith(state.lost(blockIndex));
        return;
      }
      state.copyIn(buffer, at, from, to, block);
      if (whole
          && context.options.pendingWrite() == EngineOptions.PendingWrite.REWRITE
          && rewritesInPlace(blockIndex, block)) {
        state.relocation.heal(blockIndex);
        state.needsCommit();
        return;
      }
      moveOrRefuse(blockIndex, target, block);
    } finally {
      context.blocks.release(block);
    }
  }

  /** Reads the rest of a pending block that is written in part; false where that stays lost. */
  private boolean oldOfPending(long target, long blockIndex, IoBuffer block)
      throws BlockDeviceException {
    long deviceOffset = context.deviceOffset(target, blockIndex << context.blockShift);
    BlockDevice device = context.deviceOf(target);
    try {
      if (state.salvage.readsOnce(device, deviceOffset, block)) {
        return true;
      }
      if (context.options.unreadable() != EngineOptions.Unreadable.ZERO) {
        return false;
      }
      state.salvage.readSectors(device, deviceOffset, block, 0, 0);
    } catch (TransportErrorException e) {
      throw state.passOn(target, e);
    }
    context.counters.zeroFilledBlocks.increment();
    return true;
  }

  /** Writes a pending block to its own place, durably, and reads it back. */
  private boolean rewritesInPlace(long blockIndex, IoBuffer block) throws TransportErrorException {
    long byteOffset = blockIndex << context.blockShift;
    int size = context.blockSizeBytes;
    IoBuffer back = context.blocks.acquire();
    try {
      context.backing.write(byteOffset, block, 0, size);
      flushBacking();
      context.backing.read(byteOffset, back, 0, size);
      return back.bytes().slice(0, size).mismatch(block.bytes().slice(0, size)) < 0;
    } catch (TransportErrorException e) {
      context.writeRefused(e);
      throw e;
    } catch (BlockDeviceException e) {
      return false;
    } finally {
      context.blocks.release(back);
    }
  }

  /** What the device dropped with this failure is any write's since the last flush. */
  private void flushBacking() throws BlockDeviceException {
    try {
      context.backing.flush();
    } catch (BlockDeviceException e) {
      context.flushHasFailed(e);
      throw e;
    }
  }

  private void moveOrRefuse(long blockIndex, long target, IoBuffer block)
      throws MediumErrorException {
    if (!state.relocation.move(blockIndex, target, block, Cause.WRITTEN)) {
      // Earlier blocks of this request are in slots; committing them costs nothing and is true.
      state.failWith(state.relocation.noPlace(blockIndex));
      return;
    }
    state.needsCommit();
  }
}
