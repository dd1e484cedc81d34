package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.RecoveredState.DamagedBlock;
import io.remapfs.engine.spare.SlotTag;
import io.remapfs.engine.spare.SpareLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Finds the superblocks and agrees on one, or says why not: of the set that most copies name, the
 * copy with the highest generation. Copies that say otherwise were missed by the last rewrite, and
 * are to be written anew like damaged ones. Not thread-safe.
 */
final class SuperblockReader {
  private final BlockDevice spare;
  private final BlockReader reader;
  private final long spareSizeBytes;
  private final List<Copy> valid = new ArrayList<>();
  private final List<DamagedBlock> damaged = new ArrayList<>();
  private boolean traces;
  private int oldestVersion = Integer.MAX_VALUE;
  private int newestVersion = Integer.MIN_VALUE;

  /** The superblock that was agreed on, and the copies that are not like it. */
  record Found(Superblock superblock, List<DamagedBlock> damaged) {}

  private record Copy(int zone, Superblock superblock) {
    /** Whose it is; copies of others are junk here, whatever their generation. */
    List<UUID> owner() {
      return List.of(superblock.setUuid(), superblock.membership().memberUuid());
    }
  }

  private SuperblockReader(BlockDevice spare, BlockReader reader, long spareSizeBytes) {
    this.spare = spare;
    this.reader = reader;
    this.spareSizeBytes = spareSizeBytes;
  }

  /** The superblock that is in force. */
  static Found find(BlockDevice spare, BlockReader reader) throws MetadataException {
    Found found = new SuperblockReader(spare, reader, spare.sizeBytes()).read();
    long formattedBytes = found.superblock().spareSizeBytes();
    // A spare that has grown has its copies where it once ended; the new end may be slots' place.
    return formattedBytes < spare.sizeBytes()
        ? new SuperblockReader(spare, reader, formattedBytes).read()
        : found;
  }

  private Found read() throws MetadataException {
    if (spareSizeBytes < (long) SpareLayout.ZONES * BlockFormat.BYTES) {
      throw new NotFormattedException(
          spare.name() + " is too small to be a spare; run `remapfs format`");
    }
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      long offset = SpareLayout.superblockOffset(spareSizeBytes, zone);
      int here = zone;
      reader.read(
          offset,
          1,
          (index, bytes, at, readable) -> {
            if (!readable || !take(here, bytes, at)) {
              traces |= !readable || bytes.getLong(at) == SuperblockFormat.MAGIC;
              damaged.add(new DamagedBlock(here, offset, true));
            }
          });
    }
    refuseOtherVersions();
    if (valid.isEmpty()) {
      throw noneValid();
    }
    Superblock elected = elect();
    requireSlotsOf(elected);
    for (Copy each : valid) {
      if (!each.superblock().equals(elected)) {
        long offset = SpareLayout.superblockOffset(spareSizeBytes, each.zone());
        damaged.add(new DamagedBlock(each.zone(), offset, true));
      }
    }
    return new Found(elected, damaged);
  }

  private boolean take(int zone, ByteBuffer bytes, int at) {
    if (!BlockFormat.isIntact(bytes, at, SuperblockFormat.MAGIC)) {
      return false;
    }
    int version = SuperblockFormat.version(bytes, at);
    boolean known =
        version >= BlockFormat.OLDEST_VERSION && version <= SuperblockFormat.NEWEST_VERSION;
    if (known && !SuperblockFormat.isSane(bytes, at)) {
      return false;
    }
    oldestVersion = Math.min(oldestVersion, version);
    newestVersion = Math.max(newestVersion, version);
    if (known) {
      valid.add(new Copy(zone, SuperblockFormat.decode(bytes, at)));
    }
    return true;
  }

  private void refuseOtherVersions() throws MetadataException {
    if (newestVersion > SuperblockFormat.NEWEST_VERSION) {
      throw new TooNewFormatException(
          "the spare "
              + spare.name()
              + " has format version "
              + newestVersion
              + ", this remapfs knows up to "
              + SuperblockFormat.NEWEST_VERSION
              + "; use the newer remapfs that wrote it");
    }
    if (oldestVersion < BlockFormat.OLDEST_VERSION) {
      throw new TooOldFormatException(
          "the spare "
              + spare.name()
              + " has format version "
              + oldestVersion
              + ", this remapfs knows from "
              + BlockFormat.OLDEST_VERSION
              + " on; use the older remapfs that wrote it");
    }
  }

  private MetadataException noneValid() {
    // Zone 0's checkpoint area begins behind its superblock, whatever the block size.
    reader.read(
        BlockFormat.BYTES,
        1,
        (index, bytes, at, readable) ->
            traces |= !readable || bytes.getLong(at) == CheckpointFormat.MAGIC);
    if (traces) {
      return new CorruptMetadataException(
          RecoveryCase.SUPERBLOCKS_LOST,
          "all three superblocks of the spare "
              + spare.name()
              + " are corrupt or unreadable; nothing was changed, use a copy of the spare made"
              + " before the damage");
    }
    return new NotFormattedException(
        spare.name() + " holds no remapfs metadata; run `remapfs format` if it is to be a spare");
  }

  private Superblock elect() throws CorruptMetadataException {
    List<UUID> owner = winner(valid.stream().map(Copy::owner).toList(), "name different sets");
    List<Superblock> own =
        valid.stream().filter(each -> each.owner().equals(owner)).map(Copy::superblock).toList();
    long newest = own.stream().mapToLong(Superblock::generation).max().orElse(0);
    return winner(
        own.stream().filter(each -> each.generation() == newest).toList(), "contradict each other");
  }

  /**
   * Two of three copies may be another set's: half a spare was copied over this one. Most copies
   * then name a set whose slots hold the blocks of this one. The first tag block is blank at
   * format, so that an intact tag in it says whose the slots are.
   */
  private void requireSlotsOf(Superblock elected) throws CorruptMetadataException {
    long electedId = SlotTag.setId(elected.setUuid());
    for (Copy each : valid) {
      long otherId = SlotTag.setId(each.superblock().setUuid());
      if (otherId != electedId && holdsTagOf(otherId, each.superblock())) {
        throw corrupt("name different sets");
      }
    }
  }

  private boolean holdsTagOf(long setId, Superblock superblock) {
    SpareLayout layout;
    try {
      layout =
          SpareLayout.of(
              spareSizeBytes,
              superblock.blockSizeBytes(),
              superblock.ringBlocks(),
              superblock.membership().firstSlot(),
              superblock.membership().olderSlots());
    } catch (IllegalArgumentException e) {
      return false;
    }
    boolean[] found = {false};
    reader.read(
        layout.tagBlockOffset(0),
        1,
        (index, bytes, at, readable) -> {
          for (int i = 0; readable && i < SpareLayout.SLOTS_PER_GROUP; i++) {
            found[0] |= SlotTag.decode(setId, bytes, at + i * SlotTag.BYTES).isPresent();
          }
        });
    return found[0];
  }

  /** What most say; one of several that one copy each says is refused. */
  private <T> T winner(List<T> candidates, String trouble) throws CorruptMetadataException {
    Map<T, Integer> votes = new HashMap<>();
    candidates.forEach(each -> votes.merge(each, 1, Integer::sum));
    Map.Entry<T, Integer> best = Collections.max(votes.entrySet(), Map.Entry.comparingByValue());
    if (votes.size() > 1 && best.getValue() == 1) {
      throw corrupt(trouble);
    }
    return best.getKey();
  }

  private CorruptMetadataException corrupt(String trouble) {
    return new CorruptMetadataException(
        RecoveryCase.SUPERBLOCKS_LOST,
        "the superblocks of the spare "
            + spare.name()
            + " "
            + trouble
            + "; nothing was changed, use a copy of the spare made before the damage");
  }
}
