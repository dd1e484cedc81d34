package io.remapfs.engine;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.BitSet;

/**
 * Moves remapped blocks of a range back to their own places on the backing.
 *
 * <p><b>Order</b>, for the blocks of one guarded piece together: read from the slots, as any read
 * would; written to their places; the backing flushed; read back and compared; only then the
 * mappings' removal committed. A crash before the commit finds the mappings, and so the slots; one
 * after it finds the places, whose contents were durable before. What a place does not take or give
 * back stays in its slot, which nothing here writes to.
 *
 * <p>Pending and healthy blocks are left alone. A slot that was left is not used again, so readers
 * that still know it read what was true when they began.
 *
 * <p>One object serves one request. Not thread-safe.
 */
final class Unmapping {
  /** Blocks that share a flush and a journal block; fewer where they fill a bounce buffer. */
  private static final int BLOCKS_AT_ONCE = 128;

  private final EngineContext context;
  private long unmapped;
  private long kept;
  private long lost;

  Unmapping(EngineContext context) {
    this.context = context;
  }

  /**
   * Moves back what can be moved, piece by piece; pieces done before an error stay done.
   *
   * @throws TransportErrorException if the disk is in a state that forbids it, or fails
   * @throws MediumErrorException if the removal could not be made durable
   */
  UnmapReport unmap(long firstBlock, long blockCount) throws BlockDeviceException {
    long end = firstBlock + blockCount;
    long atOnce = Math.min(BLOCKS_AT_ONCE, EngineContext.BOUNCE_BYTES >>> context.blockShift);
    refuseUnlessSound();
    for (long block = firstBlock; block < end; ) {
      long run = context.table.run(block, end - block);
      if (!Target.isRemapped(RemapTable.runTarget(run))) {
        block += RemapTable.runLength(run);
        continue;
      }
      int blocks = (int) Math.min(atOnce, end - block);
      unmapPiece(block, blocks);
      block += blocks;
    }
    return new UnmapReport(firstBlock, blockCount, unmapped, kept, lost);
  }

  private void unmapPiece(long firstBlock, int blocks) throws BlockDeviceException {
    long byteOffset = firstBlock << context.blockShift;
    long lengthBytes = (long) blocks << context.blockShift;
    IoBuffer data = context.bounces.acquire();
    context.guard.enterExclusive(byteOffset, lengthBytes);
    try {
      BitSet chosen = readFromSlots(firstBlock, blocks, data);
      int wanted = chosen.cardinality();
      if (wanted == 0) {
        return;
      }
      writeToPlaces(firstBlock, chosen, data);
      if (!chosen.isEmpty()) {
        flushBacking();
        keepUnlessReadBack(firstBlock, chosen, data);
      }
      commit(firstBlock, chosen);
      unmapped += chosen.cardinality();
      kept += wanted - chosen.cardinality();
    } finally {
      context.guard.leaveExclusive(byteOffset, lengthBytes);
      context.bounces.release(data);
    }
  }

  /** The remapped blocks of the piece whose data is in the buffer now, each at its own place. */
  private BitSet readFromSlots(long firstBlock, int blocks, IoBuffer data)
      throws BlockDeviceException {
    BitSet remapped = remapped(firstBlock, blocks);
    GuardedRequest request = new GuardedRequest(context);
    for (int from = remapped.nextSetBit(0); from >= 0; ) {
      int to = remapped.nextClearBit(from);
      request.read(
          (firstBlock + from) << context.blockShift,
          data,
          from << context.blockShift,
          (to - from) << context.blockShift);
      from = remapped.nextSetBit(to);
    }
    try {
      request.finish();
    } catch (MediumErrorException e) {
      // The lost blocks are pending now, the others are in the buffer.
    }
    refuseUnlessSound();
    // With --unreadable=zero a lost block reads as zeros without an error: only the table tells.
    BitSet still = remapped(firstBlock, blocks);
    lost += remapped.cardinality() - still.cardinality();
    return still;
  }

  private BitSet remapped(long firstBlock, int blocks) {
    BitSet remapped = new BitSet(blocks);
    for (int i = 0; i < blocks; i++) {
      remapped.set(i, Target.isRemapped(context.table.targetOf(firstBlock + i)));
    }
    return remapped;
  }

  private void writeToPlaces(long firstBlock, BitSet chosen, IoBuffer data)
      throws TransportErrorException {
    for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
      int at = i << context.blockShift;
      try {
        long byteOffset = (firstBlock + i) << context.blockShift;
        context.backing.write(byteOffset, data, at, context.blockSizeBytes);
        context.counters.backingWrites.increment();
      } catch (BlockDeviceException e) {
        if (e instanceof TransportErrorException transport) {
          context.writeRefused(transport);
          throw transport;
        }
        chosen.clear(i);
      }
    }
  }

  private void flushBacking() throws BlockDeviceException {
    try {
      context.backing.flush();
    } catch (BlockDeviceException e) {
      context.flushHasFailed(e);
      throw e;
    }
  }

  private void keepUnlessReadBack(long firstBlock, BitSet chosen, IoBuffer data)
      throws TransportErrorException {
    int size = context.blockSizeBytes;
    IoBuffer back = context.blocks.acquire();
    try {
      for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
        try {
          context.backing.read((firstBlock + i) << context.blockShift, back, 0, size);
          int at = i << context.blockShift;
          if (back.bytes().slice(0, size).mismatch(data.bytes().slice(at, size)) >= 0) {
            chosen.clear(i);
          }
        } catch (BlockDeviceException e) {
          if (e instanceof TransportErrorException transport) {
            context.transportFailed(transport);
            throw transport;
          }
          chosen.clear(i);
        }
      }
    } finally {
      context.blocks.release(back);
    }
  }

  private void commit(long firstBlock, BitSet chosen) throws MediumErrorException {
    Relocation relocation = new Relocation(context);
    for (int i = chosen.nextSetBit(0); i >= 0; i = chosen.nextSetBit(i + 1)) {
      relocation.moveBack(firstBlock + i, context.table.targetOf(firstBlock + i));
    }
    if (!relocation.commit()) {
      throw new MediumErrorException(
          "the remap metadata of " + context.metadata.spare().name() + " cannot be written",
          Errno.EIO,
          -1,
          0);
    }
  }

  private void refuseUnlessSound() throws TransportErrorException {
    EngineStatus status = EngineStatusReport.of(context);
    if (status.state() == EngineState.SUSPENDED || status.state() == EngineState.EMERGENCY) {
      throw new TransportErrorException(
          "no block is moved back while the disk is " + status.state() + ": " + status.reason(),
          Errno.EBUSY,
          -1,
          0);
    }
  }
}
