package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of a disk: MBR with extended ones, or GPT, by its copy at the end where the first
 * cannot be read. Sector numbers count 512 or 4096 bytes. Thread-safe: immutable.
 *
 * @param partitions in the order of the table
 * @param own where the table itself lies
 */
record PartitionTable(List<Partition> partitions, List<Stretch> own) {
  private static final int SECTOR_BYTES = 512;
  private static final int SIGNATURE = 0xAA55;
  private static final int ENTRIES_AT = 446;
  private static final int ENTRY_BYTES = 16;
  private static final int PROTECTIVE = 0xEE;
  private static final int FIRST_LOGICAL = 5;
  private static final int MAX_LOGICAL = 1024; // an end for a chain that bites its tail
  private static final int MAX_GPT_ENTRIES = 1024;
  private static final long GPT_MAGIC = 0x5452415020494645L; // EFI PART

  /** A partition with its number. */
  record Partition(int number, Stretch where) {}

  /** Some bytes of the disk. */
  record Stretch(long startByte, long lengthBytes) {
    long endByte() {
      return startByte + lengthBytes;
    }
  }

  /** The table; null if there is none, or none of its copies is readable. */
  static @Nullable PartitionTable read(DiskBytes disk) {
    for (int sector = SECTOR_BYTES; sector <= 4096; sector *= 8) {
      PartitionTable gpt = gpt(disk, sector, sector);
      if (gpt == null) {
        gpt = gpt(disk, disk.sizeBytes() - sector, sector);
      }
      if (gpt != null) {
        return gpt;
      }
    }
    return mbr(disk);
  }

  private static @Nullable PartitionTable gpt(DiskBytes disk, long headAt, int sector) {
    ByteBuffer head = disk.read(headAt, SECTOR_BYTES);
    if (head == null) {
      return null;
    }
    head.order(ByteOrder.LITTLE_ENDIAN);
    long entriesAt = head.getLong(72);
    int count = head.getInt(80);
    int entryBytes = head.getInt(84);
    if (head.getLong(0) != GPT_MAGIC
        || head.getLong(24) != headAt / sector
        || entriesAt < 0
        || entriesAt > disk.sizeBytes() / sector
        || count < 1
        || count > MAX_GPT_ENTRIES
        || entryBytes < 128
        || entryBytes > 4096) {
      return null;
    }
    List<Partition> partitions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ByteBuffer entry = disk.read(entriesAt * sector + (long) i * entryBytes, 128);
      if (entry == null) {
        return null; // The copy may do.
      }
      entry.order(ByteOrder.LITTLE_ENDIAN);
      boolean used = entry.getLong(0) != 0 || entry.getLong(8) != 0;
      add(partitions, disk, i + 1, entry.getLong(32), entry.getLong(40) + 1, sector, used);
    }
    long tableBytes = sector + ((long) count * entryBytes + sector - 1) / sector * sector;
    return new PartitionTable(
        List.copyOf(partitions),
        List.of(
            new Stretch(0, sector + tableBytes),
            new Stretch(disk.sizeBytes() - tableBytes, tableBytes)));
  }

  private static @Nullable PartitionTable mbr(DiskBytes disk) {
    ByteBuffer sector = sector(disk, 0);
    if (sector == null) {
      return null;
    }
    List<Partition> partitions = new ArrayList<>();
    List<Stretch> own = new ArrayList<>(List.of(new Stretch(0, SECTOR_BYTES)));
    for (int i = 0; i < 4; i++) {
      int at = ENTRIES_AT + i * ENTRY_BYTES;
      int status = sector.get(at) & 0xff;
      int type = sector.get(at + 4) & 0xff;
      if ((status != 0 && status != 0x80) || type == PROTECTIVE) {
        return null; // a boot sector of something else, or a GPT that is lost
      }
      long start = sector.getInt(at + 8) & 0xffffffffL;
      long count = sector.getInt(at + 12) & 0xffffffffL;
      if (isExtended(type)) {
        logical(disk, start, partitions, own);
      } else {
        boolean used = type != 0 && count > 0;
        add(partitions, disk, i + 1, start, start + count, SECTOR_BYTES, used);
      }
    }
    return partitions.isEmpty()
        ? null
        : new PartitionTable(List.copyOf(partitions), List.copyOf(own));
  }

  /** The partitions within an extended one: each has a table of its own that leads to the next. */
  private static void logical(
      DiskBytes disk, long extended, List<Partition> partitions, List<Stretch> own) {
    long at = extended;
    for (int number = FIRST_LOGICAL; number < FIRST_LOGICAL + MAX_LOGICAL; number++) {
      ByteBuffer sector = sector(disk, at * SECTOR_BYTES);
      if (sector == null) {
        return;
      }
      own.add(new Stretch(at * SECTOR_BYTES, SECTOR_BYTES));
      long start = at + (sector.getInt(ENTRIES_AT + 8) & 0xffffffffL);
      long count = sector.getInt(ENTRIES_AT + 12) & 0xffffffffL;
      boolean used = sector.get(ENTRIES_AT + 4) != 0 && count > 0;
      add(partitions, disk, number, start, start + count, SECTOR_BYTES, used);
      int next = ENTRIES_AT + ENTRY_BYTES;
      if (!isExtended(sector.get(next + 4) & 0xff)) {
        return;
      }
      at = extended + (sector.getInt(next + 8) & 0xffffffffL);
    }
  }

  private static boolean isExtended(int type) {
    return type == 0x05 || type == 0x0F || type == 0x85;
  }

  private static @Nullable ByteBuffer sector(DiskBytes disk, long byteOffset) {
    ByteBuffer sector = disk.read(byteOffset, SECTOR_BYTES);
    if (sector == null) {
      return null;
    }
    sector.order(ByteOrder.LITTLE_ENDIAN);
    return (sector.getShort(510) & 0xffff) == SIGNATURE ? sector : null;
  }

  private static void add(
      List<Partition> partitions,
      DiskBytes disk,
      int number,
      long first,
      long end,
      int sector,
      boolean used) {
    if (used && first > 0 && end > first && first < disk.sizeBytes() / sector) {
      long last = Math.min(end, disk.sizeBytes() / sector);
      partitions.add(new Partition(number, new Stretch(first * sector, (last - first) * sector)));
    }
  }
}
