package io.remapfs.engine;

import io.remapfs.engine.device.IoBuffer;
import java.nio.ByteBuffer;

/**
 * Sectors that say who wrote them and where they belong: each 8 bytes of a sector hold the stamp of
 * its write and the sector's number in the image, so that bytes of another sector, or of two
 * writes, are told apart from what they should be. Zeros are stamp 0.
 */
final class Stamps {
  /** What {@link #read} says of a sector that is a mixture, or another sector's. */
  static final long FOREIGN = -1;

  private static final int SECTOR_SHIFT = 16;

  private Stamps() {}

  /** Fills {@code count} sectors from index 0 on with what belongs at {@code firstSector}. */
  static void fill(ByteBuffer bytes, int firstSector, int count, long stamp) {
    for (int at = 0; at < count * SectorModel.SECTOR_BYTES; at += Long.BYTES) {
      long sector = firstSector + at / SectorModel.SECTOR_BYTES;
      bytes.putLong(at, stamp == 0 ? 0 : stamp << SECTOR_SHIFT | sector);
    }
  }

  /** The stamp of the sector that begins at {@code at}, or {@link #FOREIGN}. */
  static long read(IoBuffer buffer, int at, int sector) {
    long value = buffer.bytes().getLong(at);
    for (int i = at; i < at + SectorModel.SECTOR_BYTES; i += Long.BYTES) {
      if (buffer.bytes().getLong(i) != value) {
        return FOREIGN;
      }
    }
    boolean belongs = value == 0 || (value & ((1 << SECTOR_SHIFT) - 1)) == sector;
    return belongs ? value >>> SECTOR_SHIFT : FOREIGN;
  }
}
