package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.metadata.JournalFormat.JournalBlock;
import io.remapfs.engine.metadata.RecoveredState.DamagedBlock;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SparePool;
import io.remapfs.engine.table.RemapTable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Where the journal and the checkpoints stand, and how the next of each is written.
 *
 * <p><b>How the journal wraps.</b> Block <i>n</i> overwrites block <i>n - ringBlocks</i>. Before it
 * would overwrite one that no durable checkpoint contains ({@link #isRingFull}), a checkpoint is
 * written to the area that the newest durable one does not use, and flushed.
 *
 * <p><b>Incarnations.</b> After every open but a {@link RecoveryCase#CLEAN} one, sequence numbers
 * go on at the next multiple of 2^32 and the checkpoint generation skips 2^16. A block that a
 * former run left half-written, hidden on a copy that could not be read at this open, can then
 * never be taken for one of this run when that copy comes back.
 *
 * <p><b>Invariants.</b> (1) {@code lastSequence - checkpointSequence <= ringBlocks}. (2) {@code
 * area} holds the newest durable checkpoint and is never written.
 *
 * <p>Not thread-safe: all of it is under the store's I/O lock, but for the questions to {@link
 * #zones}.
 */
final class MetadataLog {
  private static final long INCARNATION_SHIFT = 32;
  private static final long GENERATION_SKIP = 1 << 16;

  private final SpareLayout layout;
  private final RemapTable table;
  private final SparePool pool;
  private final BlockDevice spare;
  private final Zones zones;
  private final IoBuffer chunk = IoBuffer.allocate(BlockReader.CHUNK_BLOCKS * BlockFormat.BYTES);

  private Superblock superblock;
  private long lastSequence;
  private long checkpointSequence;
  private long generation;
  private int area;

  /** The numbers of the store that every checkpoint carries. */
  record Counters(long nextTagSequence, long salvagedTotal, long droppedPendingTotal) {}

  /** The log of a set that was recovered. */
  MetadataLog(RecoveredState state, SparePool pool) {
    this.superblock = state.superblock;
    this.layout = state.layout;
    this.table = state.table;
    this.pool = pool;
    this.spare = state.set.head().device();
    this.zones = new Zones(spare);
    this.lastSequence = state.lastSequence;
    this.checkpointSequence = state.checkpoint.sequence();
    this.generation = state.checkpoint.generation();
    this.area = state.area;
  }

  /** The log that goes on from {@code former} on a spare that was just added. */
  private MetadataLog(
      MetadataLog former,
      BlockDevice spare,
      Superblock superblock,
      SpareLayout layout,
      Header first) {
    this.superblock = superblock;
    this.layout = layout;
    this.table = former.table;
    this.pool = former.pool;
    this.spare = spare;
    this.zones = new Zones(spare);
    this.lastSequence = first.sequence();
    this.checkpointSequence = first.sequence();
    this.generation = first.generation();
    this.area = 0;
  }

  /**
   * Writes all that a new spare needs to take over, durably, and changes nothing else.
   *
   * @param added what its superblocks are to say
   * @return the log to go on with, once this one's superblock names the successor
   * @throws IOException if the new spare cannot be written everywhere
   */
  MetadataLog continueOn(
      BlockDevice device, Superblock added, SpareLayout addedLayout, Counters counters)
      throws IOException {
    long nextSequence = nextIncarnation(lastSequence);
    Header first =
        header(
            generation + GENERATION_SKIP,
            nextSequence,
            lastSequence,
            counters,
            false,
            Optional.empty());
    new SpareFormatter(device)
        .add(added, addedLayout, table, pool.burntWords(first.nextSlot()), first);
    return new MetadataLog(this, device, added, addedLayout, first);
  }

  /** The spare that it is on. */
  BlockDevice spare() {
    return spare;
  }

  SpareLayout layout() {
    return layout;
  }

  /** The copies that it is written to. */
  Zones zones() {
    return zones;
  }

  static long nextIncarnation(long sequence) {
    return ((sequence >>> INCARNATION_SHIFT) + 1) << INCARNATION_SHIFT;
  }

  /**
   * Writes a fresh checkpoint, then what else is damaged; the repair.
   *
   * @throws MetadataUnavailableException if that is not certain to be durable
   */
  void beginIncarnation(
      RecoveredState state, Counters counters, boolean clean, Optional<Fingerprint> fingerprint)
      throws MetadataUnavailableException {
    // What recovery read may still be in a cache: a killed daemon flushed nothing.
    zones.flush();
    long contained = lastSequence;
    lastSequence = nextIncarnation(lastSequence);
    generation = state.greatestGeneration + GENERATION_SKIP;
    writeCheckpoint(contained, counters, clean, fingerprint);
    chunk.bytes().put(0, new byte[BlockFormat.BYTES]);
    for (DamagedBlock damaged : state.toRepair) {
      if (!damaged.isSuperblock()) {
        zones.writeOne(damaged.zone(), damaged.byteOffset(), chunk, 0, BlockFormat.BYTES);
      }
    }
    zones.flush();
    if (state.toRepair.stream().anyMatch(DamagedBlock::isSuperblock)) {
      long repaired = SuperblockWriter.repairGeneration(superblock.generation());
      write(superblock.withGeneration(repaired), state.toRepair);
    }
  }

  /**
   * Changes what the superblocks say, in all healthy copies.
   *
   * @throws MetadataUnavailableException if it may or may not be found by the next recovery
   */
  void rewriteSuperblock(Superblock changed) throws MetadataUnavailableException {
    write(changed.withGeneration(superblock.generation() + 1), List.of());
  }

  private void write(Superblock changed, List<DamagedBlock> first)
      throws MetadataUnavailableException {
    SuperblockWriter.write(zones, layout, changed, first);
    superblock = changed;
  }

  /** What the superblocks say. */
  Superblock superblock() {
    return superblock;
  }

  /** Whether a checkpoint must be written before the next journal block. */
  boolean isRingFull() {
    return lastSequence + 1 - checkpointSequence > layout.ringBlocks();
  }

  /** Journal blocks since the last checkpoint, over the blocks of a ring: 0.0 to 1.0. */
  double fill() {
    return (double) (lastSequence - checkpointSequence) / layout.ringBlocks();
  }

  /** Whether anything was appended since the last checkpoint. */
  boolean hasChanged() {
    return lastSequence != checkpointSequence;
  }

  /**
   * Writes one journal block to every healthy copy and makes it durable. The slots that the records
   * name were flushed before.
   *
   * @throws MetadataUnavailableException if it may or may not be found by the next recovery
   */
  void append(List<MetadataRecord> records, long nextTagSequence)
      throws MetadataUnavailableException {
    long sequence = lastSequence + 1;
    JournalBlock block =
        new JournalBlock(sequence, checkpointSequence, pool.nextSlot(), nextTagSequence, records);
    JournalFormat.encode(block, superblock.setUuid(), chunk.bytes(), 0);
    zones.write(zone -> layout.journalOffset(zone, sequence), chunk, 0, BlockFormat.BYTES);
    zones.flush();
    lastSequence = sequence;
  }

  /**
   * Writes the whole state afresh. Slots' data must be durable: it is, since the commits that
   * mapped it.
   *
   * @throws MetadataUnavailableException if it is not certain to be durable
   */
  void checkpoint(Counters counters, boolean clean, Optional<Fingerprint> fingerprint)
      throws MetadataUnavailableException {
    writeCheckpoint(lastSequence, counters, clean, fingerprint);
  }

  /**
   * Writes lost copies whole again, those that take it: superblock, a blank ring, and a checkpoint
   * of the state in force, which all copies get. Every block that later journal blocks will lie in
   * is written, so that a copy with a bad one is not taken for whole until it is used.
   *
   * <p>A crash on the way leaves the other copies as they were before the checkpoint, complete.
   *
   * @return whether anything was written
   */
  boolean restoreLostCopies(Counters counters) throws MetadataUnavailableException {
    boolean tookBack = false;
    SuperblockFormat.encode(superblock, chunk.bytes(), 0);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      if (zones.isLost(zone)
          && zones.takeBack(zone, layout.superblockOffset(zone), chunk, 0, BlockFormat.BYTES)) {
        tookBack = true;
        long ringBytes = (long) layout.ringBlocks() * BlockFormat.BYTES;
        zones.zeroOne(zone, layout.ringOffset(zone), ringBytes, false);
      }
    }
    if (tookBack) {
      writeCheckpoint(lastSequence, counters, false, Optional.empty());
    }
    return tookBack;
  }

  private void writeCheckpoint(
      long containedSequence, Counters counters, boolean clean, Optional<Fingerprint> fingerprint)
      throws MetadataUnavailableException {
    Header header =
        header(generation + 1, lastSequence, containedSequence, counters, clean, fingerprint);
    int otherArea = 1 - area;
    new CheckpointWriter(zones, layout, superblock.setUuid(), otherArea, header, chunk)
        .write(table, pool.burntWords(header.nextSlot()));
    zones.flush();
    area = otherArea;
    generation++;
    checkpointSequence = lastSequence;
  }

  private Header header(
      long itsGeneration,
      long sequence,
      long containedSequence,
      Counters counters,
      boolean clean,
      Optional<Fingerprint> fingerprint) {
    long nextSlot = pool.nextSlot();
    int burntWords = pool.burntWords(nextSlot).length;
    long entries = table.remappedCount() + table.pendingCount();
    return new Header(
        itsGeneration,
        UUID.randomUUID().getMostSignificantBits(),
        SpareLayout.checkpointBlocks(entries, burntWords * 64L),
        sequence,
        containedSequence,
        entries,
        burntWords,
        nextSlot,
        counters.nextTagSequence(),
        counters.salvagedTotal(),
        counters.droppedPendingTotal(),
        clean,
        fingerprint);
  }
}
