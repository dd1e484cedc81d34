package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.SpareStatus;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareTooSmallException;

/**
 * What a set asks of its next spare.
 *
 * @param blockSizeBytes its block size
 * @param firstSlot behind all slots that it has
 * @param olderSlots the slots that it has
 * @param slots the least that the new spare must have
 */
record SpareNeeds(int blockSizeBytes, long firstSlot, long olderSlots, long slots) {
  /** Spares are made in multiples of this. */
  private static final long GRAIN_BYTES = 1 << 16;

  /** Of a set whose blocks are all to go to the new spare, or which just wants more slots. */
  static SpareNeeds of(EngineStatus status, boolean allBlocks) {
    long endSlot = 0;
    long slots = 0;
    for (SpareStatus each : status.spares()) {
      endSlot = Math.max(endSlot, each.firstSlot() + each.slots());
      slots += each.slots();
    }
    long least = allBlocks ? status.remappedBlocks() : 0;
    return new SpareNeeds(
        status.blockSizeBytes(), endSlot, slots, Math.max(least, SpareLayout.MIN_SLOTS));
  }

  /** The slots that a spare of this size would have; 0 where it is too small. */
  long slotsIn(long sizeBytes) {
    try {
      return SpareLayout.ofAdded(sizeBytes, blockSizeBytes, firstSlot, olderSlots).slotCount();
    } catch (SpareTooSmallException e) {
      return 0;
    }
  }

  /** The least size with so many slots; to within 64 KiB. */
  long leastBytes(long slotsWanted) {
    long high = SpareLayout.minimumBytes(blockSizeBytes);
    while (slotsIn(high) < slotsWanted) {
      high = Math.multiplyExact(high, 2);
    }
    long low = high / 2;
    while (high - low > GRAIN_BYTES) {
      long middle = low + (high - low) / 2;
      if (slotsIn(middle) < slotsWanted) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high + GRAIN_BYTES - 1 & -GRAIN_BYTES;
  }
}
