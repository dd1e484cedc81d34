package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.metadata.CheckpointReader.Candidate;
import io.remapfs.engine.metadata.CheckpointReader.Loaded;
import io.remapfs.engine.metadata.JournalFormat.JournalBlock;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.metadata.MetadataRecord.Unmapped;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMembers;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.TableLoader;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the metadata after whatever happened, and changes nothing.
 *
 * <p><b>How it works.</b> A superblock says what the set is. The newest checkpoint that all copies
 * together hold whole is loaded. Journal blocks that follow it are replayed, each taken from any
 * copy. Then the outcome is one row of {@link RecoveryCase}.
 *
 * <p><b>Why this loses nothing.</b> A record is acknowledged after its journal block is durable in
 * every healthy copy, and a block leaves the ring only after a checkpoint that contains it is
 * durable. So at any power cut each acknowledged record is in the newest complete checkpoint, or in
 * the journal behind it. A journal block is begun only after its predecessor is durable; hence an
 * unfinished commit is the newest block, and a block missing before another is damage: refused.
 */
final class Recovery {
  private final SpareSet set;
  private final BlockDevice spare;
  private final BlockReader reader;
  private final List<String> findings = new ArrayList<>();

  /** What was recovered, and how. */
  record Result(RecoveredState state, RecoveryReport report) {}

  Recovery(SpareSet set) {
    this.set = set;
    this.spare = set.head().device();
    this.reader = set.head().reader();
  }

  /**
   * Recovers in memory.
   *
   * @param expected the backing that is to be served, or null to take any
   */
  Result run(@Nullable BackingIdentity expected) throws MetadataException {
    Superblock superblock = set.head().superblock();
    SpareLayout layout = set.head().layout();
    if (expected != null) {
      requireSameBacking(spare.name(), superblock.backing(), expected);
    }
    Chosen chosen = chooseCheckpoint(superblock, layout);
    Header header = chosen.candidate().header();
    RecoveredState state =
        new RecoveredState(
            set,
            chosen.loaded().table(),
            chosen.loaded().burnt(),
            header,
            chosen.candidate().area(),
            chosen.greatestGeneration());
    JournalScan journal = JournalScan.of(reader, layout, superblock.setUuid(), header.sequence());
    List<JournalBlock> continuation = journal.continuation(header.sequence());
    TableLoader changes = new TableLoader(state.table);
    for (JournalBlock block : continuation) {
      replay(block, state, changes);
    }
    changes.finish();
    requireEntriesFit(state, continuation);
    requireContained(state, chosen);
    requireMembers(state);
    state.toRepair.addAll(set.head().damaged());
    state.toRepair.addAll(journal.damaged());
    return new Result(state, report(state, chosen, journal, continuation));
  }

  /**
   * The newest checkpoint that could be put together.
   *
   * @param mustContain the last journal sequence in any newer one that could not
   */
  private record Chosen(
      Candidate candidate, Loaded loaded, long greatestGeneration, long mustContain) {}

  private Chosen chooseCheckpoint(Superblock superblock, SpareLayout layout)
      throws CorruptMetadataException {
    CheckpointReader checkpoints =
        new CheckpointReader(reader, layout, superblock.setUuid(), blockCount(superblock));
    List<Candidate> candidates = checkpoints.candidates();
    long mustContain = 0;
    for (Candidate candidate : candidates) {
      Optional<Loaded> loaded = checkpoints.load(candidate);
      if (loaded.isPresent()) {
        long greatest = candidates.get(0).header().generation();
        return new Chosen(candidate, loaded.get(), greatest, mustContain);
      }
      findings.add("checkpoint " + candidate.header().generation() + " is incomplete");
      mustContain = Math.max(mustContain, candidate.header().containedSequence());
    }
    throw new CorruptMetadataException(
        RecoveryCase.CHECKPOINTS_LOST,
        "no checkpoint of the spare "
            + spare.name()
            + " is whole in any combination of its copies; nothing was changed, use a copy of"
            + " the spare made before the damage");
  }

  /** The blocks of the image; the last one may be short. */
  static long blockCount(Superblock superblock) throws CorruptMetadataException {
    long size = superblock.backing().sizeBytes();
    long blocks = size < 1 ? 0 : (size - 1) / superblock.blockSizeBytes() + 1;
    if (blocks < 1 || blocks > RemapTable.MAX_BLOCKS) {
      throw new CorruptMetadataException(
          RecoveryCase.SUPERBLOCKS_LOST, "the superblock names a backing of " + size + " bytes");
    }
    return blocks;
  }

  /** Refuses a spare that was made for another backing. */
  static void requireSameBacking(
      String spareName, BackingIdentity formatted, BackingIdentity expected)
      throws WrongSetException {
    if (formatted.sizeBytes() != expected.sizeBytes()) {
      throw new WrongSetException(
          "the spare "
              + spareName
              + " was made for a backing of "
              + formatted.sizeBytes()
              + " bytes, this one has "
              + expected.sizeBytes()
              + "; name the backing it was made for, or another spare");
    }
    if (formatted.contradicts(expected)) {
      throw new WrongSetException(
          "the spare "
              + spareName
              + " was made for the device "
              + formatted.deviceId()
              + ", this one is "
              + (expected.deviceId().isEmpty() ? "without an id" : expected.deviceId())
              + "; name the backing it was made for, or another spare");
    }
  }

  private void replay(JournalBlock block, RecoveredState state, TableLoader changes)
      throws CorruptMetadataException {
    state.nextSlot = Math.max(state.nextSlot, block.nextSlot());
    state.nextTagSequence = Math.max(state.nextTagSequence, block.nextTagSequence());
    if (state.nextSlot > state.layout.endSlot()) {
      throw senseless(block, "slot " + state.nextSlot);
    }
    if (!BlockFormat.isSaneNumber(state.nextTagSequence)) {
      throw senseless(block, "tag sequence " + state.nextTagSequence);
    }
    for (MetadataRecord each : block.records()) {
      apply(each, block, state, changes);
    }
    state.lastSequence = block.sequence();
  }

  private void apply(
      MetadataRecord each, JournalBlock block, RecoveredState state, TableLoader changes)
      throws CorruptMetadataException {
    if (each instanceof Mapped mapped) {
      requireBlock(block, state, mapped.blockIndex());
      requireSlot(block, state, mapped.slot());
      changes.put(mapped.blockIndex(), Target.remapped(mapped.slot()));
      state.salvagedTotal += mapped.cause() == Cause.SALVAGED ? 1 : 0;
    } else if (each instanceof Pending pending) {
      long slot = pending.slotOrNoSlot();
      requireBlock(block, state, pending.blockIndex());
      if (slot != Target.NO_SLOT) {
        requireSlot(block, state, slot);
      }
      changes.put(pending.blockIndex(), Target.pending(slot));
    } else if (each instanceof Unmapped unmapped) {
      requireBlock(block, state, unmapped.blockIndex());
      changes.remove(unmapped.blockIndex());
    } else if (each instanceof Burnt burnt) {
      requireSlot(block, state, burnt.slot());
      state.burnt.set((int) burnt.slot());
    }
  }

  private static void requireBlock(JournalBlock block, RecoveredState state, long blockIndex)
      throws CorruptMetadataException {
    if (blockIndex >= state.table.blockCount()) {
      throw senseless(block, "block " + blockIndex);
    }
  }

  private static void requireSlot(JournalBlock block, RecoveredState state, long slot)
      throws CorruptMetadataException {
    if (slot >= state.nextSlot) {
      throw senseless(block, "slot " + slot);
    }
  }

  /**
   * A commit never maps two blocks to one slot, nor more blocks than a checkpoint has room for: its
   * blocks would run over into the journal.
   */
  private static void requireEntriesFit(RecoveredState state, List<JournalBlock> continuation)
      throws CorruptMetadataException {
    if (continuation.isEmpty()) {
      return; // A checkpoint was loaded, and looked at then.
    }
    JournalBlock last = continuation.get(continuation.size() - 1);
    long entries = state.table.remappedCount() + state.table.pendingCount();
    if (entries > state.layout.maxEntries()) {
      throw senseless(last, entries + " entries");
    }
    if (CheckpointReader.slotsAreShared(state.table)) {
      throw senseless(last, "two blocks in one slot");
    }
  }

  /** A block in a slot that no spare of the set has would be read from nowhere. */
  private void requireMembers(RecoveredState state) throws CorruptMetadataException {
    SpareMembers members = set.members();
    boolean[] homeless = {false};
    state.table.forEach(
        (blockIndex, target) ->
            homeless[0] |= Target.isInSlot(target) && !members.hasLive(Target.slot(target)));
    if (homeless[0]) {
      throw new CorruptMetadataException(
          RecoveryCase.CHECKPOINTS_LOST,
          "the metadata of the spare "
              + spare.name()
              + " names slots that no spare of the set has; nothing was changed, use a copy of the"
              + " spare made before the damage");
    }
  }

  private static CorruptMetadataException senseless(JournalBlock block, String what) {
    return new CorruptMetadataException(
        RecoveryCase.JOURNAL_HOLE,
        "journal block "
            + block.sequence()
            + " makes no sense ("
            + what
            + "); nothing was changed");
  }

  /**
   * A newer checkpoint that is incomplete proves how far the journal was durable. The journal must
   * reach as far, else acknowledged remaps are gone with that checkpoint.
   */
  private void requireContained(RecoveredState state, Chosen chosen)
      throws CorruptMetadataException {
    long contained = Math.max(state.lastSequence, chosen.candidate().header().containedSequence());
    if (contained < chosen.mustContain()) {
      throw new CorruptMetadataException(
          RecoveryCase.JOURNAL_HOLE,
          "the newest checkpoint of the spare "
              + spare.name()
              + " is damaged in every copy and the journal does not reach as far, so remaps would"
              + " be lost; nothing was changed, use a copy of the spare made before the damage");
    }
  }

  private RecoveryReport report(
      RecoveredState state, Chosen chosen, JournalScan journal, List<JournalBlock> continuation) {
    Loaded loaded = chosen.loaded();
    Header header = chosen.candidate().header();
    int damaged = loaded.damagedBlocks() + state.toRepair.size();
    for (SpareSet.Member older : set.older()) {
      damaged += older.damaged().size();
      older
          .damaged()
          .forEach(
              each ->
                  findings.add(
                      "superblock at byte "
                          + each.byteOffset()
                          + " of the older spare "
                          + older.device().name()
                          + " is damaged or behind"));
    }
    int stale = loaded.staleBlocks() + journal.missingCopies();
    boolean wasClean = header.clean() && continuation.isEmpty();
    for (RecoveredState.DamagedBlock each : state.toRepair) {
      findings.add(
          (each.isSuperblock() ? "superblock" : "journal block")
              + " at byte "
              + each.byteOffset()
              + " of the spare is damaged"
              + (each.isSuperblock() ? " or behind" : ""));
    }
    if (loaded.damagedBlocks() > 0) {
      findings.add(loaded.damagedBlocks() + " copies of checkpoint blocks are damaged");
    }
    RecoveryCase recoveryCase;
    if (header.generation() != chosen.greatestGeneration()) {
      recoveryCase = RecoveryCase.CHECKPOINT_FALLBACK;
    } else if (damaged > 0) {
      recoveryCase = RecoveryCase.COPIES_REPAIRED;
    } else if (!continuation.isEmpty()) {
      recoveryCase = RecoveryCase.REPLAYED;
    } else if (wasClean && stale == 0) {
      recoveryCase = RecoveryCase.CLEAN;
    } else {
      recoveryCase = wasClean ? RecoveryCase.COPIES_REPAIRED : RecoveryCase.UNCLEAN;
    }
    return new RecoveryReport(
        recoveryCase,
        wasClean,
        header.generation(),
        continuation.size(),
        continuation.stream().mapToInt(block -> block.records().size()).sum(),
        damaged,
        stale,
        findings,
        false);
  }
}
