package io.remapfs.engine.metadata;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.spare.SlotTag;
import io.remapfs.engine.spare.SpareLayout;
import java.util.UUID;

/**
 * The greatest numbers that any intact block of a set bears, wherever it lies on the spare: what is
 * written next must be greater.
 */
public record NumbersOnDisk(long journalSequence, long checkpointGeneration, long tagSequence) {
  /** Reads what is on a spare now. */
  public static NumbersOnDisk of(CrashableDevice spare, SpareLayout layout, UUID setUuid) {
    IoBuffer all = IoBuffer.allocate((int) layout.spareSizeBytes());
    all.bytes().put(0, spare.image(), 0, (int) layout.spareSizeBytes());
    long sequence = 0;
    long generation = 0;
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      for (int i = 0; i < layout.ringBlocks(); i++) {
        int at = (int) layout.ringOffset(zone) + i * BlockFormat.BYTES;
        sequence =
            Math.max(
                sequence,
                JournalFormat.decode(setUuid, all.bytes(), at)
                    .map(JournalFormat.JournalBlock::sequence)
                    .orElse(0L));
      }
      for (int area = 0; area < 2; area++) {
        int at = (int) layout.checkpointOffset(zone, area, 0);
        generation =
            Math.max(
                generation,
                CheckpointFormat.decodeHeader(setUuid, layout, all.bytes(), at)
                    .map(CheckpointFormat.Header::generation)
                    .orElse(0L));
      }
    }
    long tag = 0;
    for (long slot = 0; slot < layout.slotCount(); slot++) {
      int at = (int) layout.tagBlockOffset(slot) + layout.tagIndex(slot) * SlotTag.BYTES;
      tag =
          Math.max(
              tag,
              SlotTag.decode(SlotTag.setId(setUuid), all.bytes(), at)
                  .map(SlotTag::sequence)
                  .orElse(0L));
    }
    return new NumbersOnDisk(sequence, generation, tag);
  }

  /** The greatest of both. */
  public NumbersOnDisk or(NumbersOnDisk other) {
    return new NumbersOnDisk(
        Math.max(journalSequence, other.journalSequence),
        Math.max(checkpointGeneration, other.checkpointGeneration),
        Math.max(tagSequence, other.tagSequence));
  }

  /**
   * Whether a journal block, a checkpoint and a tag that are newer than these got newer numbers.
   */
  public boolean wereContinuedBy(NumbersOnDisk later) {
    return later.journalSequence > journalSequence
        && later.checkpointGeneration >= checkpointGeneration
        && later.tagSequence > tagSequence;
  }
}
