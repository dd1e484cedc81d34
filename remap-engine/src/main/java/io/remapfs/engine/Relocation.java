package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.metadata.MetadataRecord;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.List;

/**
 * What one request changes in the remap table: gathered block by block, committed once.
 *
 * <p><b>Order.</b> {@link #move} puts the data into a slot and reads it back; {@link #commit} makes
 * the slots durable, then the journal, then publishes (all inside {@link
 * io.remapfs.engine.metadata.MetadataStore#commit}). Only then may the caller acknowledge. Nothing
 * is visible to other requests before.
 *
 * <p>Not thread-safe; the caller holds the exclusive guard of every block it names.
 */
final class Relocation {
  /** Bad slots to walk over for one block before the spare itself is blamed. */
  private static final int SLOTS_PER_BLOCK = 8;

  private final EngineContext context;
  private final List<MetadataRecord> records = new ArrayList<>();
  private final List<EngineEvent> events = new ArrayList<>();

  Relocation(EngineContext context) {
    this.context = context;
  }

  /**
   * Writes a block to a new slot and notes the mapping.
   *
   * @param oldTarget where it was; a slot that it leaves is burnt
   * @param data the whole block, at index 0
   * @return whether it is in a slot; if not, nothing was noted but slots that failed
   */
  boolean move(long blockIndex, long oldTarget, IoBuffer data, Cause cause) {
    if (context.readOnly || context.metadata.isUnavailable()) {
      return false;
    }
    long slot = store(blockIndex, data);
    if (slot < 0) {
      return false;
    }
    records.add(new MetadataRecord.Mapped(blockIndex, slot, cause));
    if (Target.isRemapped(oldTarget)) {
      burn(Target.slot(oldTarget), "failed while block " + blockIndex + " was in it");
    }
    events.add(
        new EngineEvent(
            cause == Cause.SALVAGED ? Kind.SALVAGED : Kind.REMAPPED,
            blockIndex,
            slot,
            "block " + blockIndex + " moved to slot " + slot));
    return true;
  }

  /**
   * Writes a block that leaves a good slot to a new one, and notes the mapping. It is not told of:
   * nothing happened to the block.
   *
   * @return as {@link #move}
   */
  boolean moveOn(long blockIndex, IoBuffer data) {
    long slot = context.metadata.isUnavailable() ? -1 : store(blockIndex, data);
    if (slot >= 0) {
      records.add(new MetadataRecord.Mapped(blockIndex, slot, Cause.MIGRATED));
    }
    return slot >= 0;
  }

  /** Notes that a block's contents are lost until it is rewritten. */
  void lose(long blockIndex, long oldTarget) {
    if (context.readOnly || context.metadata.isUnavailable()) {
      return;
    }
    long slot = Target.isRemapped(oldTarget) ? Target.slot(oldTarget) : Target.NO_SLOT;
    records.add(new MetadataRecord.Pending(blockIndex, slot));
    if (slot != Target.NO_SLOT) {
      burn(slot, "lost block " + blockIndex);
    }
    events.add(
        new EngineEvent(
            Kind.PENDING,
            blockIndex,
            slot == Target.NO_SLOT ? -1 : slot,
            "block " + blockIndex + " cannot be read; its contents are lost until rewritten"));
  }

  /** Notes that a block is healthy again; the caller has made its contents durable there. */
  void heal(long blockIndex) {
    records.add(new MetadataRecord.Unmapped(blockIndex));
  }

  /** Notes that a block is in its own place again, as {@link #heal}, and tells of it. */
  void moveBack(long blockIndex, long oldTarget) {
    heal(blockIndex);
    long slot = Target.slot(oldTarget);
    String message = "block " + blockIndex + " moved back from slot " + slot;
    events.add(new EngineEvent(Kind.UNMAPPED, blockIndex, slot, message));
  }

  /**
   * Makes everything noted durable and visible, and tells of it.
   *
   * @return whether it is durable; if not, nothing became visible
   */
  boolean commit() {
    if (records.isEmpty()) {
      return true;
    }
    List<EngineEvent> happened = List.copyOf(events);
    events.clear();
    if (!spareIsThere()) {
      records.clear();
      return false;
    }
    try {
      context.metadata.commit(List.copyOf(records));
    } catch (MetadataUnavailableException e) {
      context.metadataFailed(String.valueOf(e.getMessage()));
      return false;
    } finally {
      records.clear();
    }
    for (EngineEvent event : happened) {
      context.tell(event.kind(), event.blockIndex(), event.slot(), event.message());
    }
    return true;
  }

  /**
   * Asks a spare that this request has not written to. A journal block for one that is gone would
   * be an emergency until the next mount, and all that is lost without it is a note that the next
   * read finds out again.
   */
  private boolean spareIsThere() {
    if (records.stream().anyMatch(MetadataRecord.Mapped.class::isInstance)) {
      return true;
    }
    if (context.metadata.isUnavailable()) {
      return true; // the commit says so
    }
    if (!context.spareTrouble.takesBlocks()) {
      return false;
    }
    long metadataSlot = context.pool.layout().firstSlot();
    if (context.spareTrouble.answers(metadataSlot)) {
      return true;
    }
    context.spareTrouble.failed("the spare does not answer");
    return false;
  }

  /** The refusal for a write whose block found no new place. */
  MediumErrorException noPlace(long blockIndex) {
    String why =
        context.metadata.isUnavailable()
            ? "the remap metadata cannot be written"
            : context.pool.freeCount() == 0
                ? "no free slot is left"
                : "the spare refuses it: " + context.spareTrouble.reason();
    return new MediumErrorException(
        "block " + blockIndex + " cannot be moved: " + why,
        Errno.EIO,
        blockIndex << context.blockShift,
        context.blockSizeBytes);
  }

  /** Writes to the first slot that keeps the data; -1 where none does. */
  private long store(long blockIndex, IoBuffer data) {
    if (!context.spareTrouble.takesBlocks()) {
      return -1;
    }
    List<Long> failed = new ArrayList<>();
    while (failed.size() < SLOTS_PER_BLOCK) {
      long slot = context.pool.allocate();
      if (slot < 0) {
        failed.forEach(each -> burn(each, "does not keep data"));
        context.spareExhausted();
        return -1;
      }
      try {
        context.pool.write(slot, blockIndex, context.metadata.nextSequence(), data, 0);
        if (readsBack(slot, data)) {
          failed.forEach(each -> burn(each, "does not keep data"));
          return slot;
        }
      } catch (MediumErrorException e) {
        if (!context.spareTrouble.answers(slot)) {
          failed.add(slot);
          if (refuse(slot, failed, "it does not answer: " + e.getMessage())) {
            continue;
          }
          return -1;
        }
      } catch (BlockDeviceException e) {
        if (DeviceErrors.isTurnedAway(e.errno())) {
          context.pool.giveBack(slot);
        } else {
          failed.add(slot);
        }
        if (refuse(slot, failed, String.valueOf(e.getMessage()))) {
          continue;
        }
        return -1;
      }
      failed.add(slot);
    }
    long last = failed.get(failed.size() - 1);
    if (refuse(last, failed, SLOTS_PER_BLOCK + " slots in a row failed")) {
      return store(blockIndex, data);
    }
    return -1;
  }

  /**
   * Lays failures to the spare, not to its slots: what they were may still reach them.
   *
   * @return whether another spare may take the block; {@code failed} is empty then
   */
  private boolean refuse(long slot, List<Long> failed, String why) {
    failed.forEach(context.pool::setAside);
    failed.clear();
    return context.spareTrouble.failed(slot, why);
  }

  // A block whose old contents exist nowhere else must not depend on a slot that was never read.
  private boolean readsBack(long slot, IoBuffer data) throws BlockDeviceException {
    IoBuffer back = context.blocks.acquire();
    try {
      int size = context.blockSizeBytes;
      SpareMember spare = context.pool.members().of(slot);
      spare.device().read(spare.slotByteOffset(slot), back, 0, size);
      return back.bytes().slice(0, size).mismatch(data.bytes().slice(0, size)) < 0;
    } finally {
      context.blocks.release(back);
    }
  }

  private void burn(long slot, String why) {
    records.add(new MetadataRecord.Burnt(slot));
    events.add(new EngineEvent(Kind.SLOT_BURNT, -1, slot, "slot " + slot + " " + why));
  }
}
