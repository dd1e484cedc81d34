package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import org.jspecify.annotations.Nullable;

/**
 * One request that left the fast path, because something failed or is pending. The caller holds the
 * exclusive guard of its whole range, so the table does not change under it.
 *
 * <p><b>How it works.</b> A run that fails is halved until single blocks are left. A block that
 * still fails is repeated, then read by sectors, then moved or declared lost; the case table is in
 * {@code docs/architecture.md}. Changes gather in a {@link Relocation} and are committed once, by
 * {@link #finish}, before the request is acknowledged. A request with one lost block still salvages
 * all its others, and then fails: never a short count, never made-up bytes.
 *
 * <p>Byte ranges are multiples of the backing's sector. Not thread-safe.
 */
final class GuardedRequest {
  private final EngineContext context;
  private final Salvage salvage;
  private final Relocation relocation;
  private @Nullable MediumErrorException loss;

  /** Whether the answer depends on the commit: new data is in a slot and nowhere else. */
  private boolean needsCommit;

  GuardedRequest(EngineContext context) {
    this.context = context;
    this.salvage = new Salvage(context);
    this.relocation = new Relocation(context);
  }

  /** Reads a range; a lost block is told by {@link #finish}. */
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

  /**
   * Moves a block because the user asks for it.
   *
   * @return whether it moved; a block that is in a slot already stays there
   */
  boolean moveAsAsked(long blockIndex) throws BlockDeviceException {
    long target = context.table.targetOf(blockIndex);
    if (Target.isRemapped(target)) {
      return false;
    }
    IoBuffer block = context.blocks.acquire();
    try {
      long from = blockIndex << context.blockShift;
      if (!salvage.readsOnce(context.deviceOf(target), context.deviceOffset(target, from), block)) {
        read(from, block, 0, context.blockSizeBytes);
        return finishedMove(blockIndex);
      }
      needsCommit = true;
      if (!relocation.move(blockIndex, target, block, Cause.REQUESTED)) {
        throw relocation.noPlace(blockIndex);
      }
      return finishedMove(blockIndex);
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    } finally {
      context.blocks.release(block);
    }
  }

  private boolean finishedMove(long blockIndex) throws BlockDeviceException {
    finish();
    return Target.isRemapped(context.table.targetOf(blockIndex));
  }

  /**
   * Commits what was changed, and may then be used for further ranges under the same guard.
   *
   * @throws MediumErrorException if a block was lost, or new data could not be made durable
   */
  void finish() throws MediumErrorException {
    boolean durable = relocation.commit();
    if (!durable && needsCommit) {
      throw new MediumErrorException(
          "the remap metadata of " + context.spare.name() + " cannot be written", Errno.EIO, -1, 0);
    }
    needsCommit = false;
    if (loss != null) {
      throw loss;
    }
  }

  // ------------------------------------------------------------------------------------- reading

  private void readRun(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    BlockDevice device = context.deviceOf(target);
    try {
      device.read(context.deviceOffset(target, from), buffer, at, (int) (to - from));
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    } catch (MediumErrorException e) {
      long middle = middleBlockBoundary(from, to);
      if (middle == from) {
        readFailingBlock(target, from, to, buffer, at, e);
      } else {
        readRun(target, from, middle, buffer, at);
        readRun(targetAt(target, from, middle), middle, to, buffer, at + (int) (middle - from));
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
        if (!blamesMedium(target)) {
          throw error;
        }
        relocation.lose(blockIndex, target);
        answerLost(error);
      } else {
        boolean stormy =
            outcome == Salvage.Outcome.REPEATED
                && !isInSlot(target)
                && context.storms(() -> context.suspension.recoveredOnRetry(blockIndex));
        if (!stormy && context.canRelocate() && blamesMedium(target)) {
          // Where no slot takes it, the data is still right and the next read tries again.
          relocation.move(blockIndex, target, block, Cause.SALVAGED);
        }
      }
      copyOut(block, from, to, buffer, at);
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
      if (salvage.readsOnce(device, deviceOffset, block)) {
        // Where no slot takes it the block stays pending, and is asked again at the next read.
        relocation.move(blockIndex, target, block, Cause.SALVAGED);
      } else {
        if (context.options.unreadable() == EngineOptions.Unreadable.ZERO) {
          salvage.readSectors(device, deviceOffset, block, 0, 0);
        }
        answerLost(lost(blockIndex));
      }
      copyOut(block, from, to, buffer, at);
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    } finally {
      context.blocks.release(block);
    }
  }

  // ------------------------------------------------------------------------------------- writing

  private void writeRun(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    BlockDevice device = context.deviceOf(target);
    try {
      device.write(context.deviceOffset(target, from), buffer, at, (int) (to - from));
      if (!isInSlot(target)) {
        context.counters.backingWrites.increment();
      }
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    } catch (MediumErrorException e) {
      long middle = middleBlockBoundary(from, to);
      if (middle == from) {
        writeFailingBlock(target, from, to, buffer, at, e);
      } else {
        writeRun(target, from, middle, buffer, at);
        writeRun(targetAt(target, from, middle), middle, to, buffer, at + (int) (middle - from));
      }
    }
  }

  private void writeFailingBlock(
      long target, long from, long to, IoBuffer buffer, int at, MediumErrorException error)
      throws BlockDeviceException {
    if (!context.canRelocate() || !blamesMedium(target)) {
      throw error;
    }
    long blockIndex = from >>> context.blockShift;
    try {
      if (salvage.repeatWrite(
          context.deviceOf(target),
          context.deviceOffset(target, from),
          buffer,
          at,
          (int) (to - from))) {
        return;
      }
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    }
    if (!blamesMedium(target)
        || (!isInSlot(target)
            && context.storms(() -> context.suspension.refusedWrite(blockIndex)))) {
      throw error;
    }
    IoBuffer block = context.blocks.acquire();
    try {
      if (mergedWithOld(target, blockIndex, from, to, block, error)) {
        copyIn(buffer, at, from, to, block);
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
      if (salvage.readsOnce(device, deviceOffset, block)) {
        return true;
      }
      Salvage.Outcome outcome =
          salvage.readBlock(
              device, deviceOffset, block, (int) (from - blockStart), (int) (to - blockStart));
      if (outcome != Salvage.Outcome.LOST) {
        return true;
      }
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    }
    if (!blamesMedium(target)) {
      throw error;
    }
    if (context.options.unreadable() == EngineOptions.Unreadable.ZERO) {
      context.counters.zeroFilledBlocks.increment();
      return true;
    }
    relocation.lose(blockIndex, target);
    loss = error;
    return false;
  }

  private void writePending(long target, long from, long to, IoBuffer buffer, int at)
      throws BlockDeviceException {
    long blockIndex = from >>> context.blockShift;
    boolean whole = to - from == context.blockSizeBytes;
    IoBuffer block = context.blocks.acquire();
    try {
      if (!whole && !oldOfPending(target, blockIndex, block)) {
        loss = lost(blockIndex);
        return;
      }
      copyIn(buffer, at, from, to, block);
      if (whole
          && context.options.pendingWrite() == EngineOptions.PendingWrite.REWRITE
          && rewritesInPlace(blockIndex, block)) {
        relocation.heal(blockIndex);
        needsCommit = true;
        return;
      }
      moveOrRefuse(blockIndex, target, block);
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    } finally {
      context.blocks.release(block);
    }
  }

  /** Reads the rest of a pending block that is written in part; false where that stays lost. */
  private boolean oldOfPending(long target, long blockIndex, IoBuffer block)
      throws BlockDeviceException {
    long deviceOffset = context.deviceOffset(target, blockIndex << context.blockShift);
    BlockDevice device = context.deviceOf(target);
    if (salvage.readsOnce(device, deviceOffset, block)) {
      return true;
    }
    if (context.options.unreadable() != EngineOptions.Unreadable.ZERO) {
      return false;
    }
    salvage.readSectors(device, deviceOffset, block, 0, 0);
    context.counters.zeroFilledBlocks.increment();
    return true;
  }

  /** Writes a pending block to its own place, durably, and reads it back. */
  private boolean rewritesInPlace(long blockIndex, IoBuffer block) {
    long byteOffset = blockIndex << context.blockShift;
    int size = context.blockSizeBytes;
    IoBuffer back = context.blocks.acquire();
    try {
      context.backing.write(byteOffset, block, 0, size);
      context.backing.flush();
      context.backing.read(byteOffset, back, 0, size);
      return back.bytes().slice(0, size).mismatch(block.bytes().slice(0, size)) < 0;
    } catch (BlockDeviceException e) {
      return false;
    } finally {
      context.blocks.release(back);
    }
  }

  private void moveOrRefuse(long blockIndex, long target, IoBuffer block)
      throws MediumErrorException {
    if (!relocation.move(blockIndex, target, block, Cause.WRITTEN)) {
      // Earlier blocks of this request are in slots; committing them costs nothing and is true.
      loss = relocation.noPlace(blockIndex);
      return;
    }
    needsCommit = true;
  }

  // ------------------------------------------------------------------------------------- judging

  private Salvage.Outcome salvageBlock(long target, long blockIndex, IoBuffer into)
      throws BlockDeviceException {
    try {
      return salvage.readBlock(
          context.deviceOf(target),
          context.deviceOffset(target, blockIndex << context.blockShift),
          into,
          0,
          0);
    } catch (TransportErrorException e) {
      throw passOn(target, e);
    }
  }

  private boolean maySalvage(long target) {
    if (isInSlot(target)) {
      return true;
    }
    if (context.suspension.isSuspended()) {
      return context.suspension.allowsRetries();
    }
    return context.blamesMedium();
  }

  /** Whether an error may be laid to the medium rather than to the way to its device. */
  private boolean blamesMedium(long target) {
    if (!isInSlot(target)) {
      return context.blamesMedium();
    }
    if (context.spareAnswers()) {
      return true;
    }
    context.spareFailed("the spare does not answer");
    return false;
  }

  private TransportErrorException passOn(long target, TransportErrorException e) {
    if (isInSlot(target)) {
      context.spareFailed(String.valueOf(e.getMessage()));
    } else {
      context.transportFailed(e);
    }
    return e;
  }

  /** A lost block: zeros where the user chose so, else the request will fail. */
  private void answerLost(MediumErrorException error) {
    if (context.options.unreadable() == EngineOptions.Unreadable.ZERO) {
      context.counters.zeroFilledBlocks.increment();
    } else if (loss == null) {
      loss = error;
    }
  }

  private MediumErrorException lost(long blockIndex) {
    return new MediumErrorException(
        "block " + blockIndex + " is lost until it is rewritten",
        Errno.EIO,
        blockIndex << context.blockShift,
        context.blockSizeBytes);
  }

  // ---------------------------------------------------------------------------------- arithmetic

  /** A block boundary that halves the range, or {@code from} where it lies in one block. */
  private long middleBlockBoundary(long from, long to) {
    long firstBlock = from >>> context.blockShift;
    long lastBlock = (to - 1) >>> context.blockShift;
    return firstBlock == lastBlock
        ? from
        : (firstBlock + (lastBlock - firstBlock + 1) / 2) << context.blockShift;
  }

  /**
   * The target of the block at {@code at} in a run whose block at {@code from} has {@code target}.
   */
  private long targetAt(long target, long from, long at) {
    return Target.isRemapped(target)
        ? target + (at >>> context.blockShift) - (from >>> context.blockShift)
        : target;
  }

  private static boolean isInSlot(long target) {
    return target != Target.HEALTHY && Target.slot(target) != Target.NO_SLOT;
  }

  private void copyOut(IoBuffer block, long from, long to, IoBuffer buffer, int at) {
    int inBlock = (int) (from & (context.blockSizeBytes - 1));
    buffer.bytes().put(at, block.bytes(), inBlock, (int) (to - from));
  }

  private void copyIn(IoBuffer buffer, int at, long from, long to, IoBuffer block) {
    int inBlock = (int) (from & (context.blockSizeBytes - 1));
    block.bytes().put(inBlock, buffer.bytes(), at, (int) (to - from));
  }
}
