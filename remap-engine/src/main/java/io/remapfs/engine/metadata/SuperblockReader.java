package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.RecoveredState.DamagedBlock;
import io.remapfs.engine.spare.SpareLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Finds the superblocks and agrees on one, or says why not. Not thread-safe. */
final class SuperblockReader {
  private final BlockDevice spare;
  private final BlockReader reader;
  private final long spareSizeBytes;
  private final List<Superblock> valid = new ArrayList<>();
  private final List<DamagedBlock> damaged = new ArrayList<>();
  private boolean traces;
  private int oldestVersion = Integer.MAX_VALUE;
  private int newestVersion = Integer.MIN_VALUE;

  /** The superblock that was agreed on, and the copies of it to write anew. */
  record Found(Superblock superblock, List<DamagedBlock> damaged) {}

  private SuperblockReader(BlockDevice spare, BlockReader reader, long spareSizeBytes) {
    this.spare = spare;
    this.reader = reader;
    this.spareSizeBytes = spareSizeBytes;
  }

  /** The superblock that most valid copies hold. */
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
            if (!readable || !take(bytes, at)) {
              traces |= !readable || bytes.getLong(at) == SuperblockFormat.MAGIC;
              damaged.add(new DamagedBlock(here, offset, true));
            }
          });
    }
    refuseOtherVersions();
    if (valid.isEmpty()) {
      throw noneValid();
    }
    return new Found(elect(), damaged);
  }

  private boolean take(ByteBuffer bytes, int at) {
    if (!BlockFormat.isIntact(bytes, at, SuperblockFormat.MAGIC)) {
      return false;
    }
    int version = SuperblockFormat.version(bytes, at);
    if (version == BlockFormat.VERSION && !SuperblockFormat.hasSaneDeviceId(bytes, at)) {
      return false;
    }
    oldestVersion = Math.min(oldestVersion, version);
    newestVersion = Math.max(newestVersion, version);
    if (version == BlockFormat.VERSION) {
      valid.add(SuperblockFormat.decode(bytes, at));
    }
    return true;
  }

  private void refuseOtherVersions() throws MetadataException {
    if (newestVersion > BlockFormat.VERSION) {
      throw new TooNewFormatException(
          "the spare "
              + spare.name()
              + " has format version "
              + newestVersion
              + ", this remapfs knows up to "
              + BlockFormat.VERSION
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

  private Superblock elect() throws MetadataException {
    Map<Superblock, Integer> votes = new HashMap<>();
    valid.forEach(each -> votes.merge(each, 1, Integer::sum));
    Superblock best = valid.get(0);
    for (Superblock each : valid) {
      if (votes.getOrDefault(each, 0) > votes.getOrDefault(best, 0)) {
        best = each;
      }
    }
    int most = votes.getOrDefault(best, 0);
    if (votes.size() > 1 && most == 1) {
      throw new CorruptMetadataException(
          RecoveryCase.SUPERBLOCKS_LOST,
          "the superblocks of the spare "
              + spare.name()
              + " name different sets; nothing was changed, use a copy of the spare made before"
              + " the damage");
    }
    markOutvoted(best.setUuid(), votes.size());
    return best;
  }

  private void markOutvoted(UUID elected, int differentOnes) {
    if (differentOnes == 1) {
      return;
    }
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      long offset = SpareLayout.superblockOffset(spareSizeBytes, zone);
      int here = zone;
      reader.read(
          offset,
          1,
          (index, bytes, at, readable) -> {
            if (readable
                && BlockFormat.isIntact(bytes, at, SuperblockFormat.MAGIC)
                && !SuperblockFormat.decode(bytes, at).setUuid().equals(elected)) {
              damaged.add(new DamagedBlock(here, offset, true));
            }
          });
    }
  }
}
