package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.TableLoader;
import io.remapfs.engine.table.Target;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Finds checkpoints and puts them together block by block from whichever copy has each block whole.
 * Not thread-safe; lives as long as one recovery.
 */
final class CheckpointReader {
  /**
   * A checkpoint whose header is intact in at least one copy.
   *
   * @param copies the headers of it in this area; one that a write astray left in the other area is
   *     a candidate of its own, with fewer
   */
  record Candidate(Header header, int area, int copies) {
    private boolean isOf(Header other, int otherArea) {
      return header.generation() == other.generation()
          && header.nonce() == other.nonce()
          && area == otherArea;
    }
  }

  /** A checkpoint that was read whole. */
  record Loaded(RemapTable table, BitSet burnt, int damagedBlocks, int staleBlocks) {}

  private final BlockReader reader;
  private final SpareLayout layout;
  private final UUID setUuid;
  private final long blockCount;

  // Of the checkpoint that is being loaded.
  private BitSet missing = new BitSet();
  private int damagedBlocks;
  private int staleBlocks;
  private boolean contradictory;

  CheckpointReader(BlockReader reader, SpareLayout layout, UUID setUuid, long blockCount) {
    this.reader = reader;
    this.layout = layout;
    this.setUuid = setUuid;
    this.blockCount = blockCount;
  }

  /** All checkpoints with an intact header in some copy, the newest and most frequent first. */
  List<Candidate> candidates() {
    List<Candidate> found = new ArrayList<>();
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      for (int area = 0; area < 2; area++) {
        int here = area;
        reader.read(
            layout.checkpointOffset(zone, area, 0),
            1,
            (index, bytes, at, readable) -> {
              Optional<Header> header =
                  readable
                      ? CheckpointFormat.decodeHeader(setUuid, layout, bytes, at)
                      : Optional.empty();
              header.ifPresent(each -> count(found, each, here));
            });
      }
    }
    found.sort(
        Comparator.comparingLong((Candidate c) -> c.header().generation())
            .thenComparingInt(Candidate::copies)
            .reversed());
    return found;
  }

  private static void count(List<Candidate> found, Header header, int area) {
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i).isOf(header, area)) {
        found.set(i, new Candidate(header, area, found.get(i).copies() + 1));
        return;
      }
    }
    found.add(new Candidate(header, area, 1));
  }

  /** Reads a checkpoint from all copies; empty if some block of it is whole in none. */
  Optional<Loaded> load(Candidate candidate) {
    Header header = candidate.header();
    RemapTable table = new RemapTable(blockCount);
    TableLoader entries = new TableLoader(table);
    BitSet burnt = new BitSet();
    missing = new BitSet();
    missing.set(0, header.blocks());
    damagedBlocks = 0;
    staleBlocks = 0;
    contradictory = false;
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      reader.read(
          layout.checkpointOffset(zone, candidate.area(), 0),
          header.blocks(),
          (index, bytes, at, readable) -> {
            if (readable && CheckpointFormat.isPartOf(bytes, at, setUuid, header, index)) {
              if (missing.get(index)) {
                missing.clear(index);
                take(header, index, bytes, at, entries, burnt);
              }
            } else if (readable && isIntactOrBlank(bytes, at)) {
              staleBlocks++;
            } else {
              damagedBlocks++;
            }
          });
    }
    entries.finish();
    if (!missing.isEmpty() || contradictory || slotsAreShared(table)) {
      return Optional.empty();
    }
    return Optional.of(new Loaded(table, burnt, damagedBlocks, staleBlocks));
  }

  private boolean isIntactOrBlank(ByteBuffer bytes, int at) {
    return BlockFormat.isOurs(bytes, at, CheckpointFormat.MAGIC, setUuid)
        || BlockFormat.isZero(bytes, at);
  }

  private void take(
      Header header, int index, ByteBuffer bytes, int at, TableLoader loader, BitSet burnt) {
    int entryBlocks = header.entryBlocks();
    if (index == 0) {
      return;
    }
    int body = at + CheckpointFormat.BODY_AT;
    if (index <= entryBlocks) {
      long first = (long) (index - 1) * CheckpointFormat.ENTRIES_PER_BLOCK;
      int count = (int) Math.min(CheckpointFormat.ENTRIES_PER_BLOCK, header.entries() - first);
      for (int i = 0; i < count; i++) {
        takeEntry(header, bytes.getLong(body + 16 * i), bytes.getLong(body + 16 * i + 8), loader);
      }
      return;
    }
    int first = (index - 1 - entryBlocks) * CheckpointFormat.WORDS_PER_BLOCK;
    int count = Math.min(CheckpointFormat.WORDS_PER_BLOCK, header.burntWords() - first);
    for (int i = 0; i < count; i++) {
      long word = bytes.getLong(body + 8 * i);
      for (long rest = word; rest != 0; rest &= rest - 1) {
        burnt.set((first + i) * 64 + Long.numberOfTrailingZeros(rest));
      }
    }
    contradictory |= burnt.length() > header.nextSlot();
  }

  private void takeEntry(Header header, long blockIndex, long target, TableLoader loader) {
    boolean sane =
        blockIndex >= 0
            && blockIndex < blockCount
            && target >= 0
            && target < 1L << Target.BITS
            && (Target.slot(target) < header.nextSlot()
                || (Target.isPending(target) && Target.slot(target) == Target.NO_SLOT));
    if (sane) {
      loader.put(blockIndex, target);
    } else {
      contradictory = true;
    }
  }

  /** Two blocks in one slot: each would read the other's bytes as its own. */
  static boolean slotsAreShared(RemapTable table) {
    BitSet seen = new BitSet();
    boolean[] shared = {false};
    table.forEach(
        (blockIndex, target) -> {
          if (Target.slot(target) != Target.NO_SLOT) {
            int slot = (int) Target.slot(target);
            shared[0] |= seen.get(slot);
            seen.set(slot);
          }
        });
    return shared[0];
  }
}
