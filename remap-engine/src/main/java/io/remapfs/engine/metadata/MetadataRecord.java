package io.remapfs.engine.metadata;

import io.remapfs.engine.table.Target;

/** One change of the remap table, the unit of {@link MetadataStore#commit}. */
public sealed interface MetadataRecord {

  /** Why a block was mapped to a slot. */
  enum Cause {
    /** Its old contents could still be read and were moved. */
    SALVAGED,
    /** New contents were written. */
    WRITTEN,
    /** The user asked for it. */
    REQUESTED,
    /** It was in a slot of a spare that is to be done without. */
    MIGRATED
  }

  /**
   * The block's contents are in a slot. The slot's data was written before and is made durable by
   * the commit itself.
   */
  record Mapped(long blockIndex, long slot, Cause cause) implements MetadataRecord {}

  /**
   * The block's contents are lost until it is rewritten.
   *
   * @param slotOrNoSlot the slot that held them, or {@link Target#NO_SLOT}
   */
  record Pending(long blockIndex, long slotOrNoSlot) implements MetadataRecord {}

  /** The block is healthy again: its contents are on the backing, durably. */
  record Unmapped(long blockIndex) implements MetadataRecord {}

  /** The slot failed and is never used again. */
  record Burnt(long slot) implements MetadataRecord {}

  /** The backing may be written from here on; see {@link MetadataStore#markOpened}. */
  record Opened() implements MetadataRecord {}
}
