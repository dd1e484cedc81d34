package io.remapfs.engine;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.table.Target;

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
  private final RequestState state;
  private final GuardedRead reads;
  private final GuardedWrite writes;

  GuardedRequest(EngineContext context) {
    this(context, RequestState.Asker.USER);
  }

  GuardedRequest(EngineContext context, RequestState.Asker asker) {
    this.context = context;
    this.state = new RequestState(context, asker);
    this.reads = new GuardedRead(context, state);
    this.writes = new GuardedWrite(context, state);
  }

  /** Reads a range; a lost block is told by {@link #finish}. */
  void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes) throws BlockDeviceException {
    reads.read(byteOffset, buffer, at, lengthBytes);
  }

  /** Writes a range; a block without a place is told by {@link #finish}. */
  void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    writes.write(byteOffset, buffer, at, lengthBytes);
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
      if (!state.salvage.readsOnce(
          context.deviceOf(target), context.deviceOffset(target, from), block)) {
        read(from, block, 0, context.blockSizeBytes);
        return finishedMove(blockIndex);
      }
      state.needsCommit();
      if (!state.relocation.move(blockIndex, target, block, Cause.REQUESTED)) {
        throw state.relocation.noPlace(blockIndex);
      }
      return finishedMove(blockIndex);
    } catch (TransportErrorException e) {
      throw state.passOn(target, e);
    } finally {
      context.blocks.release(block);
    }
  }

  private boolean finishedMove(long blockIndex) throws BlockDeviceException {
    finish();
    return Target.isRemapped(context.table.targetOf(blockIndex));
  }

  /** Blocks of what was read of which a byte is lost. */
  int lostBlocks() {
    return state.lostBlocks();
  }

  /**
   * Commits what was changed, and may then be used for further ranges under the same guard.
   *
   * @throws MediumErrorException if a block was lost, or new data could not be made durable
   */
  void finish() throws MediumErrorException {
    state.finish();
  }
}
