package io.remapfs.engine;

import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.table.Target;
import org.jspecify.annotations.Nullable;

/**
 * What one guarded request knows and has changed so far, shared by its reads and writes: the blocks
 * it moved, the first one that it found lost, and whom it blames for an error. Not thread-safe.
 */
final class RequestState {
  /** For whom a request is. */
  enum Asker {
    /** Somebody who waits for the bytes. */
    USER,
    /** The scanner: it reads the medium past caches, and nobody gets the bytes. */
    SCANNER
  }

  private final EngineContext context;

  /** For whom it is. */
  final Asker asker;

  final Salvage salvage;
  final Relocation relocation;
  private @Nullable MediumErrorException loss;

  private int lostBlocks;

  /** Whether the answer depends on the commit: new data is in a slot and nowhere else. */
  private boolean needsCommit;

  RequestState(EngineContext context) {
    this(context, Asker.USER);
  }

  RequestState(EngineContext context, Asker asker) {
    this.context = context;
    this.asker = asker;
    this.salvage = new Salvage(context);
    this.relocation = new Relocation(context);
  }

  /** Notes that new data is in a slot and nowhere else. */
  void needsCommit() {
    needsCommit = true;
  }

  /** Notes that the request will fail, when all its blocks have been seen to. */
  void failWith(MediumErrorException error) {
    lostBlocks++;
    if (loss == null) {
      loss = error;
    }
  }

  /** Blocks of which a byte is lost. */
  int lostBlocks() {
    return lostBlocks;
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
          "the remap metadata of " + context.metadata.spare().name() + " cannot be written",
          Errno.EIO,
          -1,
          0);
    }
    needsCommit = false;
    if (loss != null) {
      throw loss;
    }
  }

  /** Whether an error may be laid to the medium rather than to the way to its device. */
  boolean blamesMedium(long target) {
    if (!Target.isInSlot(target)) {
      return context.blamesMedium();
    }
    if (context.spareTrouble.answers(Target.slot(target))) {
      return true;
    }
    context.spareTrouble.failed(Target.slot(target), "it does not answer");
    return false;
  }

  TransportErrorException passOn(long target, TransportErrorException e) {
    if (Target.isInSlot(target)) {
      context.spareTrouble.failed(Target.slot(target), String.valueOf(e.getMessage()));
    } else {
      context.transportFailed(e);
    }
    return e;
  }

  /** The same for an error of a write. */
  TransportErrorException passOnWrite(long target, TransportErrorException e) {
    if (Target.isInSlot(target)) {
      return passOn(target, e);
    }
    context.writeRefused(e);
    return e;
  }

  /** Whether somebody gets zeros for what is lost. */
  boolean answersZeros() {
    return asker == Asker.USER && context.options.unreadable() == EngineOptions.Unreadable.ZERO;
  }

  /** A lost block: zeros where the user chose so, else the request will fail. */
  void answerLost(MediumErrorException error) {
    if (answersZeros()) {
      context.counters.zeroFilledBlocks.increment();
    } else {
      failWith(error);
    }
  }

  MediumErrorException lost(long blockIndex) {
    return new MediumErrorException(
        "block " + blockIndex + " is lost until it is rewritten",
        Errno.EIO,
        blockIndex << context.blockShift,
        context.blockSizeBytes);
  }

  /** A block boundary that halves the range, or {@code from} where it lies in one block. */
  long middleBlockBoundary(long from, long to) {
    long firstBlock = from >>> context.blockShift;
    long lastBlock = (to - 1) >>> context.blockShift;
    return firstBlock == lastBlock
        ? from
        : (firstBlock + (lastBlock - firstBlock + 1) / 2) << context.blockShift;
  }

  /**
   * The target of the block at {@code at} in a run whose block at {@code from} has {@code target}.
   */
  long targetAt(long target, long from, long at) {
    return Target.isRemapped(target)
        ? target + (at >>> context.blockShift) - (from >>> context.blockShift)
        : target;
  }

  void copyOut(IoBuffer block, long from, long to, IoBuffer buffer, int at) {
    int inBlock = (int) (from & (context.blockSizeBytes - 1));
    buffer.bytes().put(at, block.bytes(), inBlock, (int) (to - from));
  }

  void copyIn(IoBuffer buffer, int at, long from, long to, IoBuffer block) {
    int inBlock = (int) (from & (context.blockSizeBytes - 1));
    block.bytes().put(inBlock, buffer.bytes(), at, (int) (to - from));
  }
}
