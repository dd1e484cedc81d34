package io.remapfs.health.store;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Where what lies in a health file, and how each piece is checked. All numbers are big-endian.
 *
 * <pre>
 *   0        header, copy A     8192      state cells, 4 x 3 slots of 8192
 *   106496   ring of samples    1024 x 64
 *   172032   ring of events     4096 x 256
 *   1220608  header, copy B     1224704   region records, 64 each, up to 2^20: a hole where none is
 *
 *   header          0 "RMPHLTH1"   8 version (u32)   12 block size (u32)   16 set UUID
 *                   32 blocks (u64)   40 zeros   508 CRC32C
 *   slot of a cell  0 CRC32C   4 length of the payload (u32)   8 sequence (u64)   16 payload
 *   entry of a ring 0 CRC32C   4 zeros   8 sequence (u64, from 1)   16 payload, filled with zeros
 *   region record   0 CRC32C   4 zeros   8 payload (7 x u64); 64 zeros are no record
 * </pre>
 *
 * <p>Each CRC is over the place in the file (u64) and then all bytes after the CRC (of a slot: up
 * to the end of the payload), so that a piece that landed in a wrong place is no piece.
 *
 * <p>An entry and a record lie within one sector of 512 bytes, which is never torn: a power cut
 * leaves the old one or the new one. A cell's slot may be torn, and is then no slot.
 */
public final class HealthFileFormat {
  /** What this code writes, and the only version there is. */
  public static final int VERSION = 1;

  /** The longest payload of a {@link StateCell}, in bytes. */
  public static final int MAX_STATE_BYTES = 4096;

  /** Payload of an event's entry, in bytes. */
  public static final int EVENT_BYTES = 240;

  /** Payload of a sample's entry, in bytes. */
  public static final int SAMPLE_BYTES = 48;

  /** Payload of a region record, in longs. */
  public static final int RECORD_WORDS = 7;

  static final long MAGIC = 0x524D50484C544831L; // RMPHLTH1
  static final int HEADER_BYTES = 512;
  static final int VERSION_AT = 8;
  static final int BLOCK_SIZE_AT = 12;
  static final int UUID_AT = 16;
  static final int BLOCKS_AT = 32;
  static final int HEADER_CRC_AT = 508;

  static final long HEADER_A_AT = 0;
  static final long CELLS_AT = 8192;
  static final int CELLS = 4;
  static final int CELL_SLOTS = 3;
  static final int CELL_SLOT_BYTES = 8192;
  static final int CELL_LENGTH_AT = 4;
  static final int SEQUENCE_AT = 8;
  static final int PAYLOAD_AT = 16;

  static final int SAMPLE_ENTRY_BYTES = 64;
  static final int SAMPLES = 1024;
  static final long SAMPLES_AT = CELLS_AT + (long) CELLS * CELL_SLOTS * CELL_SLOT_BYTES;
  static final int EVENT_ENTRY_BYTES = 256;
  static final int EVENTS = 4096;
  static final long EVENTS_AT = SAMPLES_AT + (long) SAMPLES * SAMPLE_ENTRY_BYTES;
  static final long HEADER_B_AT = EVENTS_AT + (long) EVENTS * EVENT_ENTRY_BYTES;

  /** Where the region records begin: what is before has its space from the start. */
  static final long RECORDS_AT = HEADER_B_AT + 4096;

  static final int RECORD_BYTES = 64;
  static final int RECORD_PAYLOAD_AT = 8;

  /** Records that are read and kept together. */
  public static final int PAGE_RECORDS = 64;

  static final int PAGE_BYTES = PAGE_RECORDS * RECORD_BYTES;

  /** More than any disk lives to see; a number beyond it was not written by us. */
  static final long SEQUENCE_LIMIT = 1L << 62;

  private HealthFileFormat() {}

  /** Pages of region records. */
  static int pageCount(HealthGeometry geometry) {
    return (geometry.regionCount() - 1) / PAGE_RECORDS + 1;
  }

  /** The file's size, which never changes. */
  static long fileBytes(HealthGeometry geometry) {
    return RECORDS_AT + (long) pageCount(geometry) * PAGE_BYTES;
  }

  static byte[] header(HealthGeometry geometry, long place) {
    byte[] bytes = new byte[HEADER_BYTES];
    ByteBuffer header = ByteBuffer.wrap(bytes);
    header.putLong(0, MAGIC);
    header.putInt(VERSION_AT, VERSION);
    header.putInt(BLOCK_SIZE_AT, geometry.blockSizeBytes());
    header.putLong(UUID_AT, geometry.setUuid().getMostSignificantBits());
    header.putLong(UUID_AT + 8, geometry.setUuid().getLeastSignificantBits());
    header.putLong(BLOCKS_AT, geometry.blockCount());
    header.putInt(HEADER_CRC_AT, crc(place, bytes, 0, HEADER_CRC_AT));
    return bytes;
  }

  static boolean isHeader(byte[] bytes, long place) {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    return header.getLong(0) == MAGIC
        && header.getInt(HEADER_CRC_AT) == crc(place, bytes, 0, HEADER_CRC_AT);
  }

  static UUID uuid(byte[] header) {
    ByteBuffer bytes = ByteBuffer.wrap(header);
    return new UUID(bytes.getLong(UUID_AT), bytes.getLong(UUID_AT + 8));
  }

  /** The checksum of {@code bytes[from]} to {@code bytes[to - 1]} at a place in the file. */
  static int crc(long place, byte[] bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    for (int shift = 56; shift >= 0; shift -= 8) {
      crc.update((int) (place >>> shift));
    }
    crc.update(bytes, from, to - from);
    return (int) crc.getValue();
  }

  static boolean isZero(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
