package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Writes a set's first metadata. The order makes a crash harmless: former superblocks go first, the
 * new ones come last, with a flush between each step; so at any point the spare is the old set, not
 * usable, or the new set.
 */
final class SpareFormatter {
  private final BlockDevice spare;
  private final IoBuffer chunk = IoBuffer.allocate(BlockReader.CHUNK_BLOCKS * BlockFormat.BYTES);
  private final Zones zones;

  /**
   * What a set begins with.
   *
   * @param nextSlot the first slot that nobody had
   * @param clean whether the first open finds nothing to do
   */
  record Beginning(RemapTable table, long nextSlot, long nextTagSequence, boolean clean) {}

  /** A formatter, for one set. */
  SpareFormatter(BlockDevice spare) {
    this.spare = spare;
    this.zones = new Zones(spare);
  }

  /** Makes a new, empty set; every copy of it must be good. */
  Superblock format(SpareLayout layout, BackingIdentity backing) throws IOException {
    Superblock superblock = superblock(UUID.randomUUID(), layout, backing);
    Beginning empty = new Beginning(new RemapTable(Recovery.blockCount(superblock)), 0, 1, true);
    reserve(layout);
    eraseSuperblocks(layout, SpareLayout.ZONES);
    forgetTags(layout);
    write(superblock, layout, empty, SpareLayout.ZONES);
    return superblock;
  }

  /**
   * Makes the spare part of a set; every copy of it must be good.
   *
   * @param superblock of the set, with this spare's place in it
   * @param first the checkpoint to begin with, of {@code table} and {@code burntWords}
   */
  void add(
      Superblock superblock, SpareLayout layout, RemapTable table, long[] burntWords, Header first)
      throws IOException {
    reserve(layout);
    eraseSuperblocks(layout, SpareLayout.ZONES);
    forgetTags(layout);
    write(superblock, layout, table, burntWords, first, SpareLayout.ZONES);
  }

  /**
   * Makes a set of what a former one's tags told; its slots and tags stay as they are.
   *
   * @return why copies could not be written, one line each; at least one could
   */
  List<String> rebuild(Superblock superblock, SpareLayout layout, Beginning beginning)
      throws IOException {
    eraseSuperblocks(layout, 1);
    write(superblock, layout, beginning, 1);
    return zones.lostReasons();
  }

  /** The superblock of a set that begins now. */
  Superblock superblock(UUID setUuid, SpareLayout layout, BackingIdentity backing) {
    int blockSizeBytes = layout.blockSizeBytes();
    if (blockSizeBytes % spare.sectorSizeBytes() != 0) {
      throw new IllegalArgumentException(
          "block size "
              + blockSizeBytes
              + " is smaller than a sector of "
              + spare.name()
              + " ("
              + spare.sectorSizeBytes()
              + " bytes)");
    }
    if (backing.sizeBytes() < 1) {
      throw new IllegalArgumentException("the backing is empty");
    }
    return new Superblock(
        setUuid,
        blockSizeBytes,
        backing,
        layout.spareSizeBytes(),
        layout.ringBlocks(),
        Instant.now().getEpochSecond(),
        spare.identity(),
        1,
        Membership.ofOnlyMember(setUuid));
  }

  /** A sparse file that finds its file system full must not find that out in its journal. */
  private void reserve(SpareLayout layout) throws NoRoomException {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      try {
        spare.reserve(layout.zoneOffset(zone), layout.zoneBytes());
      } catch (BlockDeviceException e) {
        if (e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT) {
          throw new NoRoomException(spare.name(), SpareLayout.ZONES * layout.zoneBytes());
        }
        // What is wrong otherwise is told by the writes that follow.
      }
    }
  }

  /** The same for a spare that was formatted without it. What it does not get, it did not have. */
  static void reserveWhereThereIsRoom(BlockDevice spare, SpareLayout layout) {
    try {
      for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
        spare.reserve(layout.zoneOffset(zone), layout.zoneBytes());
      }
    } catch (BlockDeviceException e) {
      // A copy that finds no room is lost when it is written, and brought back when there is some.
    }
  }

  private void eraseSuperblocks(SpareLayout layout, int copiesNeeded) throws IOException {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      zones.zeroOne(zone, layout.superblockOffset(zone), BlockFormat.BYTES, false);
    }
    requireCopies(copiesNeeded);
    zones.flush();
  }

  /**
   * Zeroes the first tag block, where it lies now and where it would lie with any other block size:
   * slots are handed out from the first one on, so {@link TagSurvey} never takes tags that a former
   * set left farther back for this one's.
   */
  private void forgetTags(SpareLayout layout) throws BlockDeviceException {
    for (SpareLayout each : TagSurvey.possibleLayouts(spare)) {
      forgetFirstTags(each);
    }
    forgetFirstTags(layout);
  }

  private void forgetFirstTags(SpareLayout layout) throws BlockDeviceException {
    try {
      spare.zero(layout.tagBlockOffset(0), BlockFormat.BYTES, false);
    } catch (MediumErrorException e) {
      // It costs the last resort, not the set; and what cannot be written may not be readable.
    }
  }

  private void write(
      Superblock superblock, SpareLayout layout, Beginning beginning, int copiesNeeded)
      throws IOException {
    write(superblock, layout, beginning.table(), new long[0], header(beginning), copiesNeeded);
  }

  private void write(
      Superblock superblock,
      SpareLayout layout,
      RemapTable table,
      long[] burntWords,
      Header first,
      int copiesNeeded)
      throws IOException {
    long ringBytes = (long) layout.ringBlocks() * BlockFormat.BYTES;
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      zones.zeroOne(zone, layout.ringOffset(zone), ringBytes, false);
    }
    requireCopies(copiesNeeded);
    new CheckpointWriter(zones, layout, superblock.setUuid(), 0, first, chunk)
        .write(table, burntWords);
    requireCopies(copiesNeeded);
    zones.flush();
    SuperblockFormat.encode(superblock, chunk.bytes(), 0);
    zones.write(layout::superblockOffset, chunk, 0, BlockFormat.BYTES);
    zones.flush();
    requireCopies(copiesNeeded);
  }

  private void requireCopies(int copiesNeeded) throws IOException {
    if (zones.healthyCopies() < copiesNeeded) {
      throw new IOException(
          spare.name() + " is no good as a spare: " + String.join("; ", zones.lostReasons()));
    }
  }

  private static Header header(Beginning beginning) {
    RemapTable table = beginning.table();
    long entries = table.remappedCount() + table.pendingCount();
    return new Header(
        1,
        UUID.randomUUID().getMostSignificantBits(),
        SpareLayout.checkpointBlocks(entries, 0),
        0,
        0,
        entries,
        0,
        beginning.nextSlot(),
        beginning.nextTagSequence(),
        0,
        0,
        beginning.clean(),
        Optional.empty());
  }
}
