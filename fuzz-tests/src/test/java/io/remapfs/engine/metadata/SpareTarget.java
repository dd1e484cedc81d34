package io.remapfs.engine.metadata;

import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.fuzz.MemoryDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The input is damage to a whole spare, piece by piece: which metadata block (u8), where in it
 * (u16), how (u8: bit 7 in all three copies, bit 6 with a checksum that fits, the rest a length)
 * and that many bytes, which are XORed in, so that zeros leave things alone.
 */
public final class SpareTarget {
  private static final int EVERY_COPY = 0x80;
  private static final int SEALED = 0x40;
  private static final int LENGTH = 0x3f;

  private SpareTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    MemoryDevice spare = SmallSpare.copy();
    ByteBuffer pieces = ByteBuffer.wrap(input);
    while (pieces.remaining() >= 4) {
      int block = pieces.get() & 0xff;
      int at = (pieces.getShort() & 0xffff) % BlockFormat.BYTES;
      int how = pieces.get();
      byte[] damage = new byte[Math.min(how & LENGTH, pieces.remaining())];
      pieces.get(damage);
      int copies = (how & EVERY_COPY) != 0 ? 3 : 1;
      for (int copy = 0; copy < copies; copy++) {
        List<Long> places = metadataBlocks((block / 64 + copy) % 3);
        int offset = Math.toIntExact(places.get(block % 64 % places.size()));
        apply(spare.image(), offset, at, damage, (how & SEALED) != 0);
      }
    }
    SmallSpare.open(spare);
  }

  private static void apply(byte[] image, int offset, int at, byte[] damage, boolean sealed) {
    for (int i = 0; i < damage.length && at + i < BlockFormat.BYTES; i++) {
      image[offset + at + i] ^= damage[i];
    }
    if (sealed) {
      BlockFormat.seal(ByteBuffer.wrap(image), offset);
    }
  }

  private static List<Long> metadataBlocks(int zone) {
    SpareLayout layout = SmallSpare.LAYOUT;
    List<Long> places = new ArrayList<>();
    places.add(layout.superblockOffset(zone));
    for (int area = 0; area < 2; area++) {
      for (int index = 0; index < layout.checkpointBlocks(); index++) {
        places.add(layout.checkpointOffset(zone, area, index));
      }
    }
    for (int i = 0; i < layout.ringBlocks(); i++) {
      places.add(layout.journalOffset(zone, i));
    }
    return places;
  }
}
