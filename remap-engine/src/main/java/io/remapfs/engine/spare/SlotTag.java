package io.remapfs.engine.spare;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What a slot says of itself, so that the table can be rebuilt when all metadata is gone.
 *
 * <pre>
 *   0        8            16         24         28      32
 *   +--------+------------+----------+----------+-------+
 *   | set id | blockIndex | sequence | "SLOT"   | CRC32C|   big-endian; CRC over bytes 0..27
 *   +--------+------------+----------+----------+-------+
 * </pre>
 *
 * <p>The set id is the XOR of both halves of the set's UUID: tags of a former set are not mistaken
 * for ours. Of two slots that name the same block the one with the higher sequence is the newer.
 *
 * @param blockIndex the block whose contents the slot holds
 * @param sequence from {@code MetadataStore.nextSequence()}
 */
public record SlotTag(long blockIndex, long sequence) {
  /** The size of a tag in bytes; less than a sector, so that a torn write never splits one. */
  public static final int BYTES = 32;

  private static final int SET_AT = 0;
  private static final int BLOCK_AT = 8;
  private static final int SEQUENCE_AT = 16;
  private static final int MAGIC_AT = 24;
  private static final int CRC_AT = 28;
  private static final int MAGIC = 0x534C4F54;

  /** Encodes the tag into {@code bytes} at index {@code at}. */
  void encode(UUID setUuid, ByteBuffer bytes, int at) {
    bytes.putLong(at + SET_AT, setId(setUuid));
    bytes.putLong(at + BLOCK_AT, blockIndex);
    bytes.putLong(at + SEQUENCE_AT, sequence);
    bytes.putInt(at + MAGIC_AT, MAGIC);
    bytes.putInt(at + CRC_AT, crc(bytes, at));
  }

  /** The tag at index {@code at}, or empty where there is none of this set. */
  public static Optional<SlotTag> decode(long setId, ByteBuffer bytes, int at) {
    if (bytes.getLong(at + SET_AT) != setId || !isIntact(bytes, at)) {
      return Optional.empty();
    }
    return Optional.of(new SlotTag(bytes.getLong(at + BLOCK_AT), bytes.getLong(at + SEQUENCE_AT)));
  }

  /** Whether there is a whole tag at index {@code at}, of whatever set. */
  public static boolean isIntact(ByteBuffer bytes, int at) {
    return bytes.getInt(at + MAGIC_AT) == MAGIC && bytes.getInt(at + CRC_AT) == crc(bytes, at);
  }

  /** What stands where a tag has the id of its set; means something in an intact tag. */
  public static long setIdAt(ByteBuffer bytes, int at) {
    return bytes.getLong(at + SET_AT);
  }

  /** Both halves of a set's UUID, XORed: what tags know of their set. */
  public static long setId(UUID setUuid) {
    return setUuid.getMostSignificantBits() ^ setUuid.getLeastSignificantBits();
  }

  private static int crc(ByteBuffer bytes, int at) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(at, CRC_AT));
    return (int) crc.getValue();
  }
}
