package io.remapfs.engine.spare;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.UUID;

/**
 * Hands out slots, once each, and writes them.
 *
 * <p><b>How it works.</b> A bump allocator: {@code nextSlot} only grows. A slot that was handed out
 * is never handed out again, whatever became of it, so a reader that still holds an old mapping
 * reads old contents, never somebody else's. The metadata store carries {@code nextSlot} in every
 * journal block and checkpoint, so that this holds across restarts for every slot that a committed
 * record could name; a slot that was handed out and never committed may be handed out again after a
 * restart, when nobody can know of it.
 *
 * <p><b>Invariants.</b> (1) {@code burnt} is a subset of the slots below {@code nextSlot}. (2) used
 * + free = all. (3) Only the tag lock covers device I/O; {@link #allocate} never waits for a disk.
 *
 * <p>Thread-safe. Lock order: {@code tagLock} and {@code this} are leaves, never held together.
 */
public final class SparePool {
  /** What {@link #allocate} says when every slot has been handed out. */
  public static final long EXHAUSTED = -1;

  private final BlockDevice spare;
  private final SpareLayout layout;
  private final UUID setUuid;

  // Guarded by this.
  private final BitSet burnt;
  private final ArrayDeque<Long> givenBack = new ArrayDeque<>();
  private final ArrayDeque<Long> setAside = new ArrayDeque<>();
  private long nextSlot;

  // Guarded by tagLock.
  private final Object tagLock = new Object();
  private final IoBuffer tagBlock = IoBuffer.allocate(SpareLayout.METADATA_BLOCK_BYTES);
  private long cachedTagBlockOffset = -1;
  private long tagWriteErrors;

  /**
   * A pool that goes on where the metadata says.
   *
   * @param nextSlot the first slot that was never handed out
   * @param burnt slots that failed, each below {@code nextSlot}; copied
   */
  public SparePool(
      BlockDevice spare, SpareLayout layout, UUID setUuid, long nextSlot, BitSet burnt) {
    if (nextSlot < 0 || nextSlot > layout.slotCount() || burnt.length() > nextSlot) {
      throw new IllegalStateException(
          "next slot "
              + nextSlot
              + " of "
              + layout.slotCount()
              + ", burnt up to "
              + burnt.length());
    }
    this.spare = spare;
    this.layout = layout;
    this.setUuid = setUuid;
    this.nextSlot = nextSlot;
    this.burnt = (BitSet) burnt.clone();
  }

  public SpareLayout layout() {
    return layout;
  }

  /** A slot that nobody ever had, or that was given back, or {@link #EXHAUSTED}. */
  public synchronized long allocate() {
    Long unused = givenBack.pollFirst();
    if (unused != null) {
      return unused;
    }
    return nextSlot < layout.slotCount() ? nextSlot++ : EXHAUSTED;
  }

  /**
   * Takes back a slot whose write was turned away before it went anywhere, so that a full file
   * system does not use the spare up. Not for any other failure: a write that timed out may land
   * after its slot has got a new owner.
   *
   * <p>In memory only, and {@link #nextSlot} stays as it was: journal blocks may name it already.
   * What was given back and not taken again is lost to the next mount.
   *
   * @param slot from {@link #allocate}, in no record of a commit
   */
  public synchronized void giveBack(long slot) {
    requireAllocated(slot);
    givenBack.addFirst(slot);
  }

  /**
   * Takes a slot out of use for this mount: the spare as a whole failed a write to it, which may
   * still land. It is good for nothing but {@link #takesAWrite}. In memory only.
   *
   * @param slot from {@link #allocate}, in no record of a commit
   */
  public synchronized void setAside(long slot) {
    requireAllocated(slot);
    setAside.addLast(slot);
  }

  /**
   * Writes a slot that nobody has, and reads it back: whether the spare takes blocks at all. True
   * where there is no such slot, as nothing could tell then.
   *
   * @param buffer a whole block; overwritten
   */
  public boolean takesAWrite(IoBuffer buffer) {
    Long aside;
    synchronized (this) {
      aside = setAside.pollFirst();
    }
    if (aside != null) {
      try {
        writeAndRead(aside, buffer);
        return true;
      } catch (MediumErrorException e) {
        // It may be this slot's own error: another one tells.
      } catch (BlockDeviceException e) {
        return false;
      } finally {
        setAside(aside);
      }
    }
    long unused = allocate();
    if (unused == EXHAUSTED) {
      return true;
    }
    boolean mayBeUsed = true;
    try {
      writeAndRead(unused, buffer);
      return true;
    } catch (MediumErrorException e) {
      return false;
    } catch (BlockDeviceException e) {
      mayBeUsed = DeviceErrors.isTurnedAway(e.errno());
      return false;
    } finally {
      if (mayBeUsed) {
        giveBack(unused);
      } else {
        setAside(unused);
      }
    }
  }

  private void writeAndRead(long slot, IoBuffer buffer) throws BlockDeviceException {
    int size = layout.blockSizeBytes();
    spare.write(layout.slotByteOffset(slot), buffer, 0, size);
    spare.read(layout.slotByteOffset(slot), buffer, 0, size);
  }

  /**
   * Writes one block and its tag. Neither is durable before the spare's next flush, which {@code
   * MetadataStore.commit} does. Nobody else may write this slot meanwhile.
   *
   * <p>A tag block that the medium refuses costs only the last resort of a rebuild, not the slot:
   * it is counted and the data is written nonetheless.
   *
   * @param slot from {@link #allocate}
   * @param sequence from {@code MetadataStore.nextSequence()}
   * @param data a whole block at index {@code at}
   * @throws BlockDeviceException if the data could not be written; burn the slot if the error is
   *     the medium's
   */
  public void write(long slot, long blockIndex, long sequence, IoBuffer data, int at)
      throws BlockDeviceException {
    requireAllocated(slot);
    spare.write(layout.slotByteOffset(slot), data, at, layout.blockSizeBytes());
    try {
      writeTag(slot, new SlotTag(blockIndex, sequence));
    } catch (MediumErrorException e) {
      synchronized (tagLock) {
        tagWriteErrors++;
      }
    }
  }

  private void writeTag(long slot, SlotTag tag) throws BlockDeviceException {
    synchronized (tagLock) {
      long offset = layout.tagBlockOffset(slot);
      if (cachedTagBlockOffset != offset) {
        cachedTagBlockOffset = -1;
        loadTagBlock(offset);
        cachedTagBlockOffset = offset;
      }
      tag.encode(setUuid, tagBlock.bytes(), layout.tagIndex(slot) * SlotTag.BYTES);
      try {
        spare.write(offset, tagBlock, 0, SpareLayout.METADATA_BLOCK_BYTES);
      } catch (TransportErrorException e) {
        // Its slot may be given back; this tag must not reach the disk with the next one.
        cachedTagBlockOffset = -1;
        throw e;
      }
    }
  }

  private void loadTagBlock(long offset) throws BlockDeviceException {
    try {
      spare.read(offset, tagBlock, 0, SpareLayout.METADATA_BLOCK_BYTES);
    } catch (MediumErrorException e) {
      // Its other tags cannot be read any more; writing it anew makes it readable for this one.
      tagBlock.bytes().put(0, new byte[SpareLayout.METADATA_BLOCK_BYTES]);
    }
  }

  /**
   * Notes that a slot failed. In memory only: {@code MetadataStore.commit} of a {@code Burnt}
   * record makes it durable and then calls this.
   */
  public synchronized void burn(long slot) {
    requireAllocated(slot);
    burnt.set((int) slot);
  }

  public synchronized boolean isBurnt(long slot) {
    return slot >= 0 && slot < nextSlot && burnt.get((int) slot);
  }

  /** Whether {@code slot} was ever handed out. */
  public synchronized boolean isAllocated(long slot) {
    return slot >= 0 && slot < nextSlot;
  }

  /** The first slot that was never handed out. */
  public synchronized long nextSlot() {
    return nextSlot;
  }

  /** The burnt slots below {@code limit}, as {@link BitSet#toLongArray()} gives them. */
  public synchronized long[] burntWords(long limit) {
    return burnt.get(0, (int) limit).toLongArray();
  }

  /** All slots. */
  public long slotCount() {
    return layout.slotCount();
  }

  /** Slots handed out and not given back, the burnt ones among them. */
  public synchronized long usedCount() {
    return nextSlot - givenBack.size();
  }

  /** Slots that can be handed out. */
  public synchronized long freeCount() {
    return layout.slotCount() - usedCount();
  }

  /** Slots that failed. */
  public synchronized long burntCount() {
    return burnt.cardinality();
  }

  /** Tags that the medium refused since open; each is one slot fewer that could be rebuilt. */
  public long tagWriteErrors() {
    synchronized (tagLock) {
      return tagWriteErrors;
    }
  }

  private synchronized void requireAllocated(long slot) {
    if (slot < 0 || slot >= nextSlot) {
      throw new IllegalArgumentException("slot " + slot + " was never handed out");
    }
  }
}
