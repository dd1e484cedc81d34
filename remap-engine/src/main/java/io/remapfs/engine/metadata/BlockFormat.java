package io.remapfs.engine.metadata;

import io.remapfs.engine.spare.SpareLayout;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What every metadata block has in common, whatever its format version.
 *
 * <pre>
 *   0         8         12        16              32                  4092    4096
 *   +---------+---------+---------+---------------+---------  ---------+-------+
 *   |  magic  | version | by kind |   set UUID    |      by kind       | CRC32C|   big-endian
 *   +---------+---------+---------+---------------+---------  ---------+-------+
 *                                                   CRC over bytes 0..4091
 * </pre>
 */
final class BlockFormat {
  static final int BYTES = SpareLayout.METADATA_BLOCK_BYTES;
  static final int MAGIC_AT = 0;
  static final int VERSION_AT = 8;
  static final int SET_AT = 16;
  static final int BODY_AT = 32;
  static final int CRC_AT = BYTES - 4;

  /** What this code writes. */
  static final int VERSION = 1;

  /** The oldest version that this code reads. */
  static final int OLDEST_VERSION = 1;

  /**
   * Sequence numbers, generations and counters only grow, the fastest by 2^32 an open, and no disk
   * lives to see this one: what is beyond is not a number that we wrote.
   */
  static final long NUMBER_LIMIT = 1L << 62;

  private BlockFormat() {}

  /** Whether a number that only grows can have been written by us. */
  static boolean isSaneNumber(long number) {
    return number >= 0 && number < NUMBER_LIMIT;
  }

  /** Eight ASCII characters as a big-endian long. */
  static long magic(String text) {
    long magic = 0;
    for (int i = 0; i < 8; i++) {
      magic = magic << 8 | text.charAt(i);
    }
    return magic;
  }

  /** Zeroes a block and writes its magic, version and set. */
  static void begin(ByteBuffer bytes, int at, long magic, UUID setUuid) {
    for (int i = 0; i < BYTES; i += 8) {
      bytes.putLong(at + i, 0);
    }
    bytes.putLong(at + MAGIC_AT, magic);
    bytes.putInt(at + VERSION_AT, VERSION);
    bytes.putLong(at + SET_AT, setUuid.getMostSignificantBits());
    bytes.putLong(at + SET_AT + 8, setUuid.getLeastSignificantBits());
  }

  /** Writes the checksum; the last thing done to a block. */
  static void seal(ByteBuffer bytes, int at) {
    bytes.putInt(at + CRC_AT, crc(bytes, at));
  }

  static boolean isIntact(ByteBuffer bytes, int at, long magic) {
    return bytes.getLong(at + MAGIC_AT) == magic && bytes.getInt(at + CRC_AT) == crc(bytes, at);
  }

  /** Whether the block is intact, of this code's version, and of the given set. */
  static boolean isOurs(ByteBuffer bytes, int at, long magic, UUID setUuid) {
    return isIntact(bytes, at, magic)
        && bytes.getInt(at + VERSION_AT) == VERSION
        && bytes.getLong(at + SET_AT) == setUuid.getMostSignificantBits()
        && bytes.getLong(at + SET_AT + 8) == setUuid.getLeastSignificantBits();
  }

  static boolean isZero(ByteBuffer bytes, int at) {
    for (int i = 0; i < BYTES; i += 8) {
      if (bytes.getLong(at + i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static int crc(ByteBuffer bytes, int at) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(at, CRC_AT));
    return (int) crc.getValue();
  }
}
