package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.JournalFormat.JournalBlock;
import io.remapfs.engine.metadata.RecoveredState.DamagedBlock;
import io.remapfs.engine.spare.SpareLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * All journal blocks of all copies that a checkpoint does not contain. Not thread-safe; lives as
 * long as one recovery.
 *
 * <p>The rings are zeroed at format and repaired at open, so a block that is neither blank nor an
 * intact block of this set is damaged, or was torn by the crash.
 */
final class JournalScan {
  private final TreeMap<Long, JournalBlock> blocks = new TreeMap<>();
  private final SpareLayout layout;
  private final Set<Long> inPlace = new HashSet<>();
  private final List<DamagedBlock> damaged = new ArrayList<>();
  private long contradiction = -1;

  private JournalScan(SpareLayout layout) {
    this.layout = layout;
  }

  /** Reads the rings of every copy; keeps the blocks after {@code checkpointSequence}. */
  static JournalScan of(
      BlockReader reader, SpareLayout layout, UUID setUuid, long checkpointSequence) {
    JournalScan scan = new JournalScan(layout);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      int here = zone;
      long ringOffset = layout.ringOffset(zone);
      reader.read(
          ringOffset,
          layout.ringBlocks(),
          (index, bytes, at, readable) -> {
            long offset = ringOffset + (long) index * BlockFormat.BYTES;
            if (!readable || !scan.take(setUuid, bytes, at, here, offset, checkpointSequence)) {
              scan.damaged.add(new DamagedBlock(here, offset, false));
            }
          });
    }
    return scan;
  }

  private boolean take(
      UUID setUuid, ByteBuffer bytes, int at, int zone, long offset, long checkpointSequence) {
    Optional<JournalBlock> block = JournalFormat.decode(setUuid, bytes, at);
    if (block.isEmpty()) {
      return BlockFormat.isZero(bytes, at);
    }
    long sequence = block.get().sequence();
    if (sequence < 0 || layout.journalOffset(zone, sequence) != offset) {
      return false;
    }
    if (sequence > checkpointSequence) {
      JournalBlock known = blocks.putIfAbsent(sequence, block.get());
      if (known != null && !known.equals(block.get())) {
        contradiction = sequence;
      }
      inPlace.add(offset);
    }
    return true;
  }

  /**
   * The blocks that continue {@code checkpointSequence} without a gap, in order.
   *
   * @throws CorruptMetadataException if a block is missing before one that exists: a block is
   *     written only after the one before it is durable, so the missing one was acknowledged
   */
  List<JournalBlock> continuation(long checkpointSequence) throws CorruptMetadataException {
    if (contradiction >= 0) {
      throw new CorruptMetadataException(
          RecoveryCase.JOURNAL_HOLE,
          "the metadata copies contradict each other about journal block "
              + contradiction
              + "; nothing was changed, use a copy of the spare made before the damage");
    }
    List<JournalBlock> found = new ArrayList<>();
    long next = checkpointSequence + 1;
    for (JournalBlock block : blocks.values()) {
      if (block.sequence() != next) {
        throw new CorruptMetadataException(
            RecoveryCase.JOURNAL_HOLE,
            "journal block "
                + next
                + " is missing in every metadata copy although block "
                + block.sequence()
                + " exists, so remaps would be lost; nothing was changed, use a copy of the spare"
                + " made before the damage");
      }
      found.add(block);
      next++;
    }
    return found;
  }

  /** Blocks of the rings that are neither blank nor intact. */
  List<DamagedBlock> damaged() {
    return damaged;
  }

  /** Copies of replayed blocks that are not there, other than the damaged ones. */
  int missingCopies() {
    damaged.forEach(each -> inPlace.add(each.byteOffset()));
    int missing = 0;
    for (long sequence : blocks.keySet()) {
      for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
        missing += inPlace.contains(layout.journalOffset(zone, sequence)) ? 0 : 1;
      }
    }
    return missing;
  }
}
