package io.remapfs.engine.metadata;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * The bytes of a superblock.
 *
 * <pre>
 *   0  "REMAPFS1"              40 spare size, bytes           1088 length of the spare's id (u32)
 *   8  version (u32): 1, or    48 created, seconds            1092 spare's id, UTF-8, at most 256
 *      2 with several spares      since 1970                  1352 generation
 *   12 block size (u32)        56 blocks of a journal ring    1360 {@link MembershipFormat}
 *   16 set UUID                60 length of the device id     4092 CRC32C
 *   32 backing size, bytes     64 device id, UTF-8, at most 1024
 * </pre>
 *
 * <p>Magic, version and the place of the checksum stay where they are in every later version, so
 * that "too new" is told from "corrupt" for ever.
 */
final class SuperblockFormat {
  static final long MAGIC = BlockFormat.magic("REMAPFS1");

  /** Written for a set with one spare, which code that knows of no others can use. */
  static final int ONE_MEMBER_VERSION = 1;

  /** Written for a set with several, so that such code refuses it; the newest that is read. */
  static final int NEWEST_VERSION = 2;

  static final int MAX_DEVICE_ID_BYTES = 1024;
  static final int MAX_SPARE_ID_BYTES = 256;

  private static final int BLOCK_SIZE_AT = 12;
  private static final int BACKING_SIZE_AT = 32;
  private static final int SPARE_SIZE_AT = 40;
  private static final int CREATED_AT = 48;
  private static final int RING_BLOCKS_AT = 56;
  private static final int DEVICE_ID_AT = 60;
  private static final int SPARE_ID_AT = 1088;
  private static final int GENERATION_AT = 1352;

  private SuperblockFormat() {}

  static void encode(Superblock superblock, ByteBuffer bytes, int at) {
    BlockFormat.begin(bytes, at, MAGIC, superblock.setUuid());
    bytes.putInt(at + BlockFormat.VERSION_AT, superblock.formatVersion());
    bytes.putInt(at + BLOCK_SIZE_AT, superblock.blockSizeBytes());
    bytes.putLong(at + BACKING_SIZE_AT, superblock.backing().sizeBytes());
    bytes.putLong(at + SPARE_SIZE_AT, superblock.spareSizeBytes());
    bytes.putLong(at + CREATED_AT, superblock.createdEpochSeconds());
    bytes.putInt(at + RING_BLOCKS_AT, superblock.ringBlocks());
    Text.put(bytes, at + DEVICE_ID_AT, superblock.backing().deviceId(), MAX_DEVICE_ID_BYTES);
    Text.put(bytes, at + SPARE_ID_AT, superblock.spareId(), MAX_SPARE_ID_BYTES);
    bytes.putLong(at + GENERATION_AT, superblock.generation());
    MembershipFormat.encode(superblock.membership(), bytes, at);
    BlockFormat.seal(bytes, at);
  }

  /** Whether an intact block of a version that is read says what {@link #encode} can say. */
  static boolean isSane(ByteBuffer bytes, int at) {
    return Text.isSane(bytes, at + DEVICE_ID_AT, MAX_DEVICE_ID_BYTES)
        && Text.isSane(bytes, at + SPARE_ID_AT, MAX_SPARE_ID_BYTES)
        && BlockFormat.isSaneNumber(bytes.getLong(at + GENERATION_AT))
        && MembershipFormat.isSane(bytes, at)
        && decode(bytes, at).formatVersion() == version(bytes, at);
  }

  /** Decodes a block that {@link BlockFormat#isIntact} and {@link #isSane}. */
  static Superblock decode(ByteBuffer bytes, int at) {
    UUID setUuid =
        new UUID(
            bytes.getLong(at + BlockFormat.SET_AT), bytes.getLong(at + BlockFormat.SET_AT + 8));
    return new Superblock(
        setUuid,
        bytes.getInt(at + BLOCK_SIZE_AT),
        new BackingIdentity(
            bytes.getLong(at + BACKING_SIZE_AT), Text.get(bytes, at + DEVICE_ID_AT)),
        bytes.getLong(at + SPARE_SIZE_AT),
        bytes.getInt(at + RING_BLOCKS_AT),
        bytes.getLong(at + CREATED_AT),
        Text.get(bytes, at + SPARE_ID_AT),
        bytes.getLong(at + GENERATION_AT),
        MembershipFormat.decode(setUuid, bytes, at));
  }

  static int version(ByteBuffer bytes, int at) {
    return bytes.getInt(at + BlockFormat.VERSION_AT);
  }
}
