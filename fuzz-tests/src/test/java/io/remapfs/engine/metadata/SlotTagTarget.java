package io.remapfs.engine.metadata;

import io.remapfs.engine.spare.SlotTag;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.fuzz.Expect;
import io.remapfs.fuzz.MemoryDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The input is tags, in the first group of a spare that has lost its metadata: the first byte says
 * whether the superblocks are left and whether checksums are made to fit, then 24 bytes a tag.
 */
public final class SlotTagTarget {
  private static final int SUPERBLOCKS_LEFT = 1;
  private static final int SEALED = 2;
  private static final int OUR_SET = 4;
  private static final int INPUT_BYTES = 24;
  private static final int MAGIC_AT = 24;
  private static final int CRC_AT = 28;
  private static final int MAGIC = 0x534C4F54;

  private SlotTagTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] tags = tags(input);
    MemoryDevice spare = new MemoryDevice(new byte[(int) SmallSpare.LAYOUT.spareSizeBytes()]);
    if ((input[0] & SUPERBLOCKS_LEFT) != 0) {
      byte[] superblock = new byte[BlockFormat.BYTES];
      for (int zone = 0; zone < 3; zone++) {
        long offset = SmallSpare.LAYOUT.superblockOffset(zone);
        System.arraycopy(SmallSpare.copy().image(), (int) offset, superblock, 0, superblock.length);
        SmallSpare.write(spare, offset, superblock);
      }
    }
    SmallSpare.write(spare, SmallSpare.LAYOUT.tagBlockOffset(0), tags);
    Expect.allocatingAtMost(SmallSpare.OPEN_BYTES, () -> rebuild(spare));
    SmallSpare.open(spare);
  }

  private static void rebuild(MemoryDevice spare) throws IOException {
    try {
      TagRebuildReport report = TagRebuild.rebuild(spare, SmallSpare.BACKING);
      Expect.that(report.rebuiltBlocks() >= 0 && report.supersededSlots() >= 0, "%s", report);
    } catch (MetadataException refusal) {
      Expect.that(spare.writes() == 0, "a refused rebuild wrote to the spare");
    }
  }

  private static byte[] tags(byte[] input) {
    byte[] block = new byte[SpareLayout.METADATA_BLOCK_BYTES];
    ByteBuffer bytes = ByteBuffer.wrap(block);
    long ourSet = SlotTag.setId(SmallSpare.setUuid());
    int at = 0;
    for (int from = 1; from < input.length && at < block.length; from += INPUT_BYTES) {
      SmallSpare.put(input, from, block, at, INPUT_BYTES);
      if ((input[0] & OUR_SET) != 0) {
        bytes.putLong(at, ourSet);
      }
      if ((input[0] & SEALED) != 0) {
        bytes.putInt(at + MAGIC_AT, MAGIC);
        CRC32C crc = new CRC32C();
        crc.update(block, at, CRC_AT);
        bytes.putInt(at + CRC_AT, (int) crc.getValue());
      }
      SlotTag.decode(ourSet, bytes, at)
          .ifPresent(tag -> Expect.that(tag.toString() != null, "a tag"));
      at += SlotTag.BYTES;
    }
    return block;
  }
}
