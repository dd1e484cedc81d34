package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.metadata.MetadataRecord.Unmapped;
import io.remapfs.engine.spare.SparePool;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;

/**
 * What records may say, and what they do to the table and the pool. Changes are made under the
 * store's I/O lock.
 */
final class RecordEffects {
  private final RemapTable table;
  private final SparePool pool;

  RecordEffects(RemapTable table, SparePool pool) {
    this.table = table;
    this.pool = pool;
  }

  /** Makes a durable record visible. */
  void publish(MetadataRecord each) {
    if (each instanceof Mapped mapped) {
      table.put(mapped.blockIndex(), Target.remapped(mapped.slot()));
    } else if (each instanceof Pending pending) {
      table.put(pending.blockIndex(), Target.pending(pending.slotOrNoSlot()));
    } else if (each instanceof Unmapped unmapped) {
      table.remove(unmapped.blockIndex());
    } else if (each instanceof Burnt burnt) {
      pool.burn(burnt.slot());
    }
  }

  /**
   * Makes a block pending whose mapping the next recovery may find either way: written data would
   * be lost behind the mapping, or with it.
   */
  void suspend(MetadataRecord each) {
    long blockIndex;
    if (each instanceof Mapped mapped) {
      blockIndex = mapped.blockIndex();
    } else if (each instanceof Unmapped unmapped) {
      blockIndex = unmapped.blockIndex();
    } else {
      return;
    }
    long target = table.targetOf(blockIndex);
    if (target == Target.HEALTHY) {
      table.put(blockIndex, Target.pending(Target.NO_SLOT));
    } else if (Target.isRemapped(target)) {
      table.put(blockIndex, Target.pending(Target.slot(target)));
    }
  }

  /** Whether the record would add an entry that has no slot. */
  boolean isNewPending(MetadataRecord each) {
    return each instanceof Pending pending
        && pending.slotOrNoSlot() == Target.NO_SLOT
        && table.targetOf(pending.blockIndex()) == Target.HEALTHY;
  }

  /** Throws {@link IllegalArgumentException} for a block or slot that does not exist. */
  void requireSane(MetadataRecord each) {
    if (each instanceof Mapped mapped) {
      requireBlock(mapped.blockIndex());
      requireAllocated(mapped.slot());
      if (pool.isBurnt(mapped.slot())) {
        throw new IllegalArgumentException("slot " + mapped.slot() + " is burnt");
      }
    } else if (each instanceof Pending pending) {
      requireBlock(pending.blockIndex());
      if (pending.slotOrNoSlot() != Target.NO_SLOT) {
        requireAllocated(pending.slotOrNoSlot());
      }
    } else if (each instanceof Unmapped unmapped) {
      requireBlock(unmapped.blockIndex());
    } else if (each instanceof Burnt burnt) {
      requireAllocated(burnt.slot());
    }
  }

  private void requireBlock(long blockIndex) {
    if (blockIndex < 0 || blockIndex >= table.blockCount()) {
      throw new IllegalArgumentException(
          "block " + blockIndex + " of an image of " + table.blockCount());
    }
  }

  private void requireAllocated(long slot) {
    if (!pool.isAllocated(slot)) {
      throw new IllegalArgumentException("slot " + slot + " was never handed out");
    }
  }
}
