package io.remapfs.engine.spare;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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
 * <p><b>Several spares.</b> Numbers run on from one spare to the next. {@link #members} is
 * published before any slot of an added spare can be handed out, so before any mapping names one;
 * and a released spare stays addressable. So whoever has a slot's number finds its place, without a
 * lock.
 *
 * <p><b>Invariants.</b> (1) {@code burnt} is a subset of the slots below {@code nextSlot}. (2) used
 * + free = all. (3) Only the tag lock covers device I/O; {@link #allocate} never waits for a disk.
 * (4) {@code skipped} holds numbers below {@code nextSlot} that were never handed out.
 *
 * <p>Thread-safe. Lock order: {@code tagLock} and {@code this} are leaves, never held together.
 */
public final class SparePool {
  /** What {@link #allocate} says when every slot has been handed out. */
  public static final long EXHAUSTED = -1;

  /** Slot numbers that were passed over: from {@code first} to before {@code end}. */
  private record Skipped(long first, long end) {}

  private final UUID setUuid;

  /** Written under this; read by anyone. */
  private volatile SpareMembers members;

  // Guarded by this.
  private final BitSet burnt;
  private final ArrayDeque<Long> givenBack = new ArrayDeque<>();
  private final ArrayDeque<Long> setAside = new ArrayDeque<>();
  private final ArrayDeque<Skipped> skipped = new ArrayDeque<>();
  private long nextSlot;

  // Guarded by tagLock.
  private final Object tagLock = new Object();
  private final IoBuffer tagBlock = IoBuffer.allocate(SpareLayout.METADATA_BLOCK_BYTES);
  private @Nullable SpareMember cachedTagMember;
  private long cachedTagBlockOffset;
  private long tagWriteErrors;

  /**
   * A pool that goes on where the metadata says.
   *
   * @param nextSlot the first slot that was never handed out
   * @param burnt slots that failed, each below {@code nextSlot}; copied
   */
  public SparePool(SpareMembers members, UUID setUuid, long nextSlot, BitSet burnt) {
    if (nextSlot < 0 || nextSlot > members.head().layout().endSlot() || burnt.length() > nextSlot) {
      throw new IllegalStateException(
          "next slot "
              + nextSlot
              + " of "
              + members.head().layout().endSlot()
              + ", burnt up to "
              + burnt.length());
    }
    this.members = members;
    this.setUuid = setUuid;
    this.nextSlot = nextSlot;
    this.burnt = (BitSet) burnt.clone();
  }

  /** The spares; a slot's number that was read before this is found in it. */
  public SpareMembers members() {
    return members;
  }

  /** The layout of the spare that holds the metadata. */
  public SpareLayout layout() {
    return members.head().layout();
  }

  /** A slot that nobody ever had, or that was given back, or {@link #EXHAUSTED}. */
  public synchronized long allocate() {
    Long unused = givenBack.pollFirst();
    if (unused != null) {
      return unused;
    }
    for (SpareMember each : members.live()) {
      long next = Math.max(nextSlot, each.layout().firstSlot());
      if (next < each.layout().endSlot()) {
        nextSlot = next + 1;
        return next;
      }
    }
    Skipped rest = skipped.pollFirst();
    if (rest == null) {
      return EXHAUSTED;
    }
    if (rest.first() + 1 < rest.end()) {
      skipped.addFirst(new Skipped(rest.first() + 1, rest.end()));
    }
    return rest.first();
  }

  /**
   * Goes on behind a spare that does not take blocks just now. What is passed over is tried again
   * when nothing else is left, and lost to the next mount.
   *
   * @param slot one that the spare refused
   * @return whether there is another spare to try
   */
  public synchronized boolean skipSpareOf(long slot) {
    SpareMember refusing = members.of(slot);
    long end = refusing.layout().endSlot();
    long unused =
        givenBack.stream().filter(each -> !refusing.has(each)).count()
            + members.live().stream().mapToLong(each -> unusedBehind(each, end)).sum();
    if (unused == 0) {
      return false;
    }
    givenBack.stream()
        .filter(refusing::has)
        .forEach(each -> skipped.addLast(new Skipped(each, each + 1)));
    givenBack.removeIf(refusing::has);
    setAside.removeIf(refusing::has);
    if (refusing.has(nextSlot)) {
      skipped.addLast(new Skipped(nextSlot, end));
      nextSlot = end;
    }
    return true;
  }

  private long unusedBehind(SpareMember member, long slot) {
    long next = Math.max(slot, Math.max(nextSlot, member.layout().firstSlot()));
    return Math.max(0, member.layout().endSlot() - next);
  }

  /** Adds a spare behind all others. */
  public synchronized void extend(SpareMember added) {
    members = members.with(added);
  }

  /** From now on hands out slots of the newest spare only. */
  public synchronized void useNewestOnly() {
    SpareMember newest = members.head();
    nextSlot = Math.max(nextSlot, newest.layout().firstSlot());
    givenBack.removeIf(slot -> !newest.has(slot));
    setAside.removeIf(slot -> !newest.has(slot));
    skipped.removeIf(rest -> !newest.has(rest.first()));
  }

  /** Gives up spares whose slots no block is in; see {@link SpareMembers#released}. */
  public synchronized void release(List<SpareMember> gone) {
    members = members.without(gone);
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
    SpareMember member = members.of(slot);
    int size = member.layout().blockSizeBytes();
    member.device().write(member.slotByteOffset(slot), buffer, 0, size);
    member.device().read(member.slotByteOffset(slot), buffer, 0, size);
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
    SpareMember member = members.of(slot);
    try {
      member
          .device()
          .write(member.slotByteOffset(slot), data, at, member.layout().blockSizeBytes());
      writeTag(member, slot, new SlotTag(blockIndex, sequence));
    } finally {
      member.noteWritten();
    }
  }

  private void writeTag(SpareMember member, long slot, SlotTag tag) throws BlockDeviceException {
    synchronized (tagLock) {
      try {
        long offset = member.tagBlockOffset(slot);
        if (cachedTagMember != member || cachedTagBlockOffset != offset) {
          cachedTagMember = null;
          loadTagBlock(member.device(), offset);
          cachedTagMember = member;
          cachedTagBlockOffset = offset;
        }
        tag.encode(setUuid, tagBlock.bytes(), member.tagIndex(slot) * SlotTag.BYTES);
        member.device().write(offset, tagBlock, 0, SpareLayout.METADATA_BLOCK_BYTES);
      } catch (MediumErrorException e) {
        tagWriteErrors++;
      } catch (TransportErrorException e) {
        // Its slot may be given back; this tag must not reach the disk with the next one.
        cachedTagMember = null;
        throw e;
      }
    }
  }

  private void loadTagBlock(BlockDevice spare, long offset) throws BlockDeviceException {
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

  /** Whether {@code slot} was ever handed out, and its spare not released. */
  public synchronized boolean isAllocated(long slot) {
    return slot >= 0 && slot < nextSlot && members.hasLive(slot);
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
    return members.slotCount();
  }

  /** Slots handed out and not given back, the burnt ones among them. */
  public synchronized long usedCount() {
    return slotCount() - freeCount();
  }

  /** Slots that can be handed out. */
  public synchronized long freeCount() {
    return members.live().stream().mapToLong(this::freeCount).sum();
  }

  /** Slots of one spare that can be handed out. */
  public synchronized long freeCount(SpareMember member) {
    return unusedBehind(member, 0)
        + givenBack.stream().filter(member::has).count()
        + skipped.stream()
            .filter(rest -> member.has(rest.first()))
            .mapToLong(rest -> rest.end() - rest.first())
            .sum();
  }

  /** Slots that failed, of spares that were not released. */
  public synchronized long burntCount() {
    SpareMembers now = members;
    return burnt.stream().filter(now::hasLive).count();
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
