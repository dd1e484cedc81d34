package io.remapfs.engine;

/**
 * Something that happened to a block, or to the disk as a whole.
 *
 * @param kind what happened
 * @param blockIndex the block, or -1
 * @param slot the slot, or -1
 * @param message one sentence for people
 */
public record EngineEvent(Kind kind, long blockIndex, long slot, String message) {
  /** What can happen. */
  public enum Kind {
    /** A block was moved to a slot with new contents. */
    REMAPPED,
    /** A block was moved to a slot with the contents it had. */
    SALVAGED,
    /** A block was moved back from its slot to its own place. */
    UNMAPPED,
    /** A block's contents were lost. */
    PENDING,
    /** A slot failed and is never used again. */
    SLOT_BURNT,
    /** A spare was added to the set. */
    SPARE_ADDED,
    /** The blocks of older spares were moved to the newest. */
    MIGRATED,
    /** A spare refuses blocks as a whole; another one takes them. */
    SPARE_REFUSES,
    /** A spare holds no block any more. */
    SPARE_RELEASED,
    /** The last slot was handed out. */
    SPARE_EXHAUSTED,
    /** The way to the device fails. */
    SUSPENDED,
    /** The device answers again. */
    RESUMED,
    /** No new remap can be made durable. */
    EMERGENCY,
    /** A flush failed; what was written since the last good one may be lost. */
    FLUSH_FAILED,
    /** A copy of the metadata cannot be written any more. */
    METADATA_COPY_LOST,
    /** A damaged copy of the metadata was rewritten. */
    METADATA_REPAIRED
  }
}
