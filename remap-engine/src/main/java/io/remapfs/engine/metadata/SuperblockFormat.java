package io.remapfs.engine.metadata;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;

/**
 * The bytes of a superblock.
 *
 * <pre>
 *   0  "REMAPFS1"              32 backing size, bytes      56 blocks of a journal ring (u32)
 *   8  version (u32)           40 spare size, bytes        60 length of the device id (u32)
 *   12 block size (u32)        48 created, seconds         64 device id, UTF-8, at most 1024
 *   16 set UUID                   since 1970               4092 CRC32C
 * </pre>
 *
 * <p>Magic, version and the place of the checksum stay where they are in every later version, so
 * that "too new" is told from "corrupt" for ever.
 */
final class SuperblockFormat {
  static final long MAGIC = BlockFormat.magic("REMAPFS1");
  static final int MAX_DEVICE_ID_BYTES = 1024;

  private static final int BLOCK_SIZE_AT = 12;
  private static final int BACKING_SIZE_AT = 32;
  private static final int SPARE_SIZE_AT = 40;
  private static final int CREATED_AT = 48;
  private static final int RING_BLOCKS_AT = 56;
  private static final int DEVICE_ID_LENGTH_AT = 60;
  private static final int DEVICE_ID_AT = 64;

  private SuperblockFormat() {}

  static void encode(Superblock superblock, ByteBuffer bytes, int at) {
    byte[] deviceId = superblock.backing().deviceId().getBytes(StandardCharsets.UTF_8);
    if (deviceId.length > MAX_DEVICE_ID_BYTES) {
      throw new IllegalArgumentException("a device id of " + deviceId.length + " bytes");
    }
    BlockFormat.begin(bytes, at, MAGIC, superblock.setUuid());
    bytes.putInt(at + BLOCK_SIZE_AT, superblock.blockSizeBytes());
    bytes.putLong(at + BACKING_SIZE_AT, superblock.backing().sizeBytes());
    bytes.putLong(at + SPARE_SIZE_AT, superblock.spareSizeBytes());
    bytes.putLong(at + CREATED_AT, superblock.createdEpochSeconds());
    bytes.putInt(at + RING_BLOCKS_AT, superblock.ringBlocks());
    bytes.putInt(at + DEVICE_ID_LENGTH_AT, deviceId.length);
    bytes.put(at + DEVICE_ID_AT, deviceId);
    BlockFormat.seal(bytes, at);
  }

  /**
   * Whether the device id of an intact block is one that {@link #encode} wrote: what is not UTF-8
   * would grow when it is written again.
   */
  static boolean hasSaneDeviceId(ByteBuffer bytes, int at) {
    int length = bytes.getInt(at + DEVICE_ID_LENGTH_AT);
    if (length < 0 || length > MAX_DEVICE_ID_BYTES) {
      return false;
    }
    byte[] deviceId = new byte[length];
    bytes.get(at + DEVICE_ID_AT, deviceId);
    String decoded = new String(deviceId, StandardCharsets.UTF_8);
    return Arrays.equals(deviceId, decoded.getBytes(StandardCharsets.UTF_8));
  }

  /** Decodes a block that {@link BlockFormat#isIntact} and whose version is this code's. */
  static Superblock decode(ByteBuffer bytes, int at) {
    int length = Math.min(MAX_DEVICE_ID_BYTES, Math.max(0, bytes.getInt(at + DEVICE_ID_LENGTH_AT)));
    byte[] deviceId = new byte[length];
    bytes.get(at + DEVICE_ID_AT, deviceId);
    return new Superblock(
        version(bytes, at),
        new UUID(
            bytes.getLong(at + BlockFormat.SET_AT), bytes.getLong(at + BlockFormat.SET_AT + 8)),
        bytes.getInt(at + BLOCK_SIZE_AT),
        new BackingIdentity(
            bytes.getLong(at + BACKING_SIZE_AT), new String(deviceId, StandardCharsets.UTF_8)),
        bytes.getLong(at + SPARE_SIZE_AT),
        bytes.getInt(at + RING_BLOCKS_AT),
        bytes.getLong(at + CREATED_AT));
  }

  static int version(ByteBuffer bytes, int at) {
    return bytes.getInt(at + BlockFormat.VERSION_AT);
  }
}
