package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.metadata.ReleasedSpares;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * Moves every block that is in a slot of an older spare to the newest one, while requests go on.
 *
 * <p><b>How it works.</b> From its beginning slots of the newest spare only are handed out; then
 * every guard is entered once, so that whoever still had an older slot in hand has committed it or
 * dropped it. So one pass over the table sees every block there will ever be on the older spares.
 * Each piece is moved as an error would move it: exclusive guard, slot read, new slot written and
 * read back, mapping committed, published. A crash at any point leaves each block in one slot or
 * the other, both complete; running it again goes on.
 *
 * <p>A block that is lost in an older slot gets one more attempt, and else stays, and its spare
 * with it: the slot may come back, and the backing holds older contents. Spares that no block is in
 * are released.
 *
 * <p>One object serves one run. Not thread-safe.
 */
final class Migration {
  /** Blocks that share a guard and a journal block; fewer where they are large. */
  private static final int BLOCKS_AT_ONCE = 128;

  private static final long EVERYTHING = Long.MAX_VALUE / 2;

  /** Healthy blocks passed over between two calls of the listener. */
  private static final long PROGRESS_BLOCKS = 1 << 20;

  private final EngineContext context;
  private final SpareMember newest;
  private long moved;
  private long salvaged;
  private long lost;

  Migration(EngineContext context) {
    this.context = context;
    this.newest = context.pool.members().head();
  }

  /**
   * Moves what can be moved; what was moved before an error stays so.
   *
   * @throws TransportErrorException if a spare cannot be spoken to, or while nothing can be moved
   * @throws MediumErrorException if a block finds no slot, or the metadata cannot be written
   */
  MigrationReport migrate(MigrationProgress progress) throws BlockDeviceException {
    refuseUnlessSound();
    context.pool.useNewestOnly();
    context.guard.enterExclusive(0, EVERYTHING);
    context.guard.leaveExclusive(0, EVERYTHING);
    boolean complete = moveAll(progress);
    ReleasedSpares spares = release();
    String message = moved + salvaged + " blocks were moved to the spare " + newest.device().name();
    context.tell(Kind.MIGRATED, -1, -1, message);
    return new MigrationReport(newest.device().name(), moved, salvaged, lost, complete, spares);
  }

  private boolean moveAll(MigrationProgress progress) throws BlockDeviceException {
    long end = context.table.blockCount();
    long atOnce =
        Math.max(1, Math.min(BLOCKS_AT_ONCE, EngineContext.BOUNCE_BYTES >>> context.blockShift));
    long told = 0;
    for (long block = 0; block < end; ) {
      long run = context.table.run(block, end - block);
      boolean concerned = isOnOlder(RemapTable.runTarget(run));
      if (concerned) {
        int blocks = (int) Math.min(atOnce, end - block);
        movePiece(block, blocks);
        block += blocks;
      } else {
        block += RemapTable.runLength(run);
      }
      if (concerned || block - told >= PROGRESS_BLOCKS) {
        told = block;
        if (!progress.proceed(block, end)) {
          return block == end;
        }
      }
    }
    return true;
  }

  private boolean isOnOlder(long target) {
    return Target.isInSlot(target) && Target.slot(target) < newest.layout().firstSlot();
  }

  private void movePiece(long firstBlock, int blocks) throws BlockDeviceException {
    long byteOffset = firstBlock << context.blockShift;
    long lengthBytes = (long) blocks << context.blockShift;
    IoBuffer data = context.blocks.acquire();
    context.guard.enterExclusive(byteOffset, lengthBytes);
    try {
      Piece piece = new Piece();
      try {
        for (long block = firstBlock; block < firstBlock + blocks; block++) {
          long target = context.table.targetOf(block);
          if (isOnOlder(target)) {
            piece.take(block, target, data);
          }
        }
      } finally {
        // What was moved before an error is moved.
        piece.commit();
      }
    } finally {
      context.guard.leaveExclusive(byteOffset, lengthBytes);
      context.blocks.release(data);
    }
  }

  /** The blocks that are committed together. */
  private final class Piece {
    private final RequestState state = new RequestState(context);
    private long movedHere;
    private long salvagedHere;
    private long lostHere;

    void take(long block, long target, IoBuffer data) throws BlockDeviceException {
      if (!read(block, target, data)) {
        if (Target.isRemapped(target)) {
          state.relocation.lose(block, target);
          lostHere++;
        }
        return;
      }
      boolean kept =
          Target.isPending(target)
              ? state.relocation.move(block, target, data, Cause.SALVAGED)
              : state.relocation.moveOn(block, data);
      if (!kept) {
        throw state.relocation.noPlace(block);
      }
      movedHere += Target.isPending(target) ? 0 : 1;
      salvagedHere += Target.isPending(target) ? 1 : 0;
    }

    /** Reads a slot: a lost one once, another with repetitions; false where it is lost. */
    private boolean read(long block, long target, IoBuffer data) throws BlockDeviceException {
      BlockDevice device = context.deviceOf(target);
      long deviceOffset = context.deviceOffset(target, block << context.blockShift);
      try {
        if (state.salvage.readsOnce(device, deviceOffset, data)) {
          return true;
        }
        if (Target.isPending(target)) {
          return false;
        }
        if (state.salvage.readBlock(device, deviceOffset, data, 0, 0) != Salvage.Outcome.LOST) {
          return true;
        }
      } catch (TransportErrorException e) {
        throw state.passOn(target, e);
      }
      if (!context.spareTrouble.answers(Target.slot(target))) {
        throw new TransportErrorException(
            "the spare " + device.name() + " does not answer", Errno.EIO, -1, 0);
      }
      return false;
    }

    void commit() throws MediumErrorException {
      state.needsCommit();
      state.finish();
      moved += movedHere;
      salvaged += salvagedHere;
      lost += lostHere;
    }
  }

  private ReleasedSpares release() throws MediumErrorException {
    try {
      ReleasedSpares released = context.metadata.releaseSparesBefore(newest);
      for (String name : released.released()) {
        context.tell(Kind.SPARE_RELEASED, -1, -1, "the spare " + name + " holds no block any more");
      }
      return released;
    } catch (MetadataUnavailableException e) {
      context.metadataFailed(String.valueOf(e.getMessage()));
      throw new MediumErrorException(
          "the remap metadata of " + newest.device().name() + " cannot be written",
          Errno.EIO,
          -1,
          0);
    }
  }

  private void refuseUnlessSound() throws TransportErrorException {
    if (context.metadata.isUnavailable() || context.flushFailed()) {
      EngineStatus status = EngineStatusReport.of(context);
      throw new TransportErrorException(
          "no block is moved while the disk is " + status.state() + ": " + status.reason(),
          Errno.EBUSY,
          -1,
          0);
    }
  }
}
