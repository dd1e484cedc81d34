package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes a spare. The order makes a crash harmless: former superblocks go first, the new ones come
 * last, with a flush between each step; so at any point the spare is the old set, not formatted, or
 * the new set.
 */
final class SpareFormatter {
  private final BlockDevice spare;
  private final IoBuffer chunk = IoBuffer.allocate(BlockReader.CHUNK_BLOCKS * BlockFormat.BYTES);

  SpareFormatter(BlockDevice spare) {
    this.spare = spare;
  }

  Superblock format(SpareLayout layout, BackingIdentity backing) throws IOException {
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
    Superblock superblock =
        new Superblock(
            BlockFormat.VERSION,
            UUID.randomUUID(),
            blockSizeBytes,
            backing,
            spare.sizeBytes(),
            layout.ringBlocks(),
            Instant.now().getEpochSecond());
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.zero(layout.superblockOffset(zone), BlockFormat.BYTES, false);
    }
    spare.flush();
    long ringBytes = (long) layout.ringBlocks() * BlockFormat.BYTES;
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.zero(layout.ringOffset(zone), ringBytes, true);
    }
    Zones zones = new Zones(spare);
    new CheckpointWriter(zones, layout, superblock.setUuid(), 0, emptyCheckpoint(), chunk)
        .write(new RemapTable(Recovery.blockCount(superblock)), new long[0]);
    zones.flush();
    SuperblockFormat.encode(superblock, chunk.bytes(), 0);
    zones.write(layout::superblockOffset, chunk, 0, BlockFormat.BYTES);
    zones.flush();
    if (zones.healthyCopies() < SpareLayout.ZONES) {
      throw new IOException(
          spare.name() + " is no good as a spare: " + String.join("; ", zones.lostReasons()));
    }
    return superblock;
  }

  private static Header emptyCheckpoint() {
    return new Header(
        1,
        UUID.randomUUID().getMostSignificantBits(),
        1,
        0,
        0,
        0,
        0,
        0,
        1,
        0,
        0,
        true,
        Optional.empty());
  }
}
