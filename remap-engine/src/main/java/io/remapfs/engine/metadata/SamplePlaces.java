package io.remapfs.engine.metadata;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where a fingerprint looks: where file systems, partition tables and volume managers keep what
 * changes whenever they are used, and all over the rest.
 *
 * <pre>
 *   0..16   the first 17 units           ext4, XFS, FAT, LVM, GPT; btrfs at 64 KiB
 *   17..22  the last 5 units, and 64 KiB before the end     GPT's copy, md
 *   23      64 MiB                       btrfs' second superblock
 *   24..39  the beginning of 8 partitions, and 64 KiB behind it
 *   40..79  spread evenly
 * </pre>
 *
 * <p>A unit is a block of the image, but at least 4 KiB. Offsets are multiples of it; -1 is
 * nowhere.
 */
final class SamplePlaces {
  static final int COUNT = 80;
  static final int LEAST_UNIT_BYTES = 4096;

  private static final int LEADING = 17;
  private static final int TRAILING = 5;
  private static final int PARTITIONS = 8;
  private static final int SPREAD_FROM = 40;
  private static final long NEAR_BYTES = 64 << 10;
  private static final long BTRFS_MIRROR = 64L << 20;

  // Little-endian tables: UEFI 5.3, and the MBR that is older than any document.
  private static final int MBR_ENTRIES_AT = 446;
  private static final int MBR_ENTRY_BYTES = 16;
  private static final int MBR_START = 8;
  private static final int MBR_SIGNATURE_AT = 510;
  private static final short MBR_SIGNATURE = (short) 0xAA55;
  private static final long GPT_SIGNATURE = 0x5452415020494645L; // "EFI PART"
  private static final int GPT_ENTRIES = 128;
  private static final int GPT_ENTRY_BYTES = 128;
  private static final int GPT_START = 32;

  private SamplePlaces() {}

  /** Reads one unit of the disk; an empty array where that is not possible. */
  @FunctionalInterface
  interface Units {
    byte[] read(long byteOffset);
  }

  /** The offsets, some of them twice on a small disk. */
  static long[] of(long sizeBytes, int unitBytes, Units units) {
    long count = sizeBytes / unitBytes;
    long[] places = new long[COUNT];
    Arrays.fill(places, -1);
    int next = 0;
    for (int i = 0; i < LEADING; i++) {
      places[next++] = i < count ? (long) i * unitBytes : -1;
    }
    for (int i = 1; i <= TRAILING; i++) {
      places[next++] = i <= count ? (count - i) * unitBytes : -1;
    }
    places[next++] = unitOf(sizeBytes - NEAR_BYTES, unitBytes);
    places[next++] = unitOf(BTRFS_MIRROR, unitBytes);
    for (long start : partitions(unitBytes, units)) {
      places[next++] = unitOf(start, unitBytes);
      places[next++] = unitOf(start + NEAR_BYTES, unitBytes);
    }
    for (int i = SPREAD_FROM; i < COUNT; i++) {
      long step = i - SPREAD_FROM + 1L;
      places[i] = (count - 1) * step / (COUNT - SPREAD_FROM) * unitBytes;
    }
    return places;
  }

  private static long unitOf(long byteOffset, int unitBytes) {
    return byteOffset < 0 ? -1 : byteOffset / unitBytes * unitBytes;
  }

  /** Where partitions begin, in bytes; the first 8 of them. */
  private static List<Long> partitions(int unitBytes, Units units) {
    byte[] first = units.read(0);
    if (first.length < LEAST_UNIT_BYTES) {
      return List.of();
    }
    ByteBuffer table = ByteBuffer.wrap(first).order(ByteOrder.LITTLE_ENDIAN);
    if (table.getShort(MBR_SIGNATURE_AT) != MBR_SIGNATURE) {
      return List.of();
    }
    if (table.getLong(512) == GPT_SIGNATURE) {
      return gptPartitions(table, 1024, 512);
    }
    ByteBuffer largeSectors = unitAt(LEAST_UNIT_BYTES, unitBytes, units);
    if (largeSectors.remaining() >= Long.BYTES && largeSectors.getLong(0) == GPT_SIGNATURE) {
      ByteBuffer entries = unitAt(2 * LEAST_UNIT_BYTES, unitBytes, units);
      return gptPartitions(entries, 0, LEAST_UNIT_BYTES);
    }
    return mbrPartitions(table);
  }

  /** The bytes from an offset on, as far as its unit goes. */
  private static ByteBuffer unitAt(int byteOffset, int unitBytes, Units units) {
    byte[] unit = units.read(unitOf(byteOffset, unitBytes));
    int from = Math.min(unit.length, byteOffset % unitBytes);
    return ByteBuffer.wrap(unit, from, unit.length - from).slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static List<Long> mbrPartitions(ByteBuffer table) {
    List<Long> starts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int at = MBR_ENTRIES_AT + i * MBR_ENTRY_BYTES + MBR_START;
      long start = Integer.toUnsignedLong(table.getInt(at)) * 512;
      if (start > 0) {
        starts.add(start);
      }
    }
    return starts;
  }

  private static List<Long> gptPartitions(ByteBuffer table, int entriesAt, int sectorBytes) {
    List<Long> starts = new ArrayList<>();
    for (int at = entriesAt;
        at + GPT_ENTRY_BYTES <= Math.min(table.limit(), entriesAt + GPT_ENTRIES * GPT_ENTRY_BYTES)
            && starts.size() < PARTITIONS;
        at += GPT_ENTRY_BYTES) {
      long sector = table.getLong(at + GPT_START);
      if (sector > 0 && sector < Long.MAX_VALUE / sectorBytes - NEAR_BYTES) {
        starts.add(sector * sectorBytes);
      }
    }
    return starts;
  }
}
