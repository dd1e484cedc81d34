package io.remapfs.engine.metadata;

import io.remapfs.fuzz.MemoryDevice;
import java.nio.ByteBuffer;

/**
 * The input is a superblock from its version on, in all three places; once as it is, once with a
 * checksum that fits.
 */
public final class SuperblockTarget {
  private SuperblockTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    byte[] block = new byte[BlockFormat.BYTES];
    ByteBuffer bytes = ByteBuffer.wrap(block).putLong(0, SuperblockFormat.MAGIC);
    SmallSpare.put(input, 0, block, BlockFormat.VERSION_AT, input.length);
    SmallSpare.open(spareWith(block));
    // The set's own id, so that its checkpoints are found with the input's sizes.
    bytes.putLong(BlockFormat.SET_AT, SmallSpare.setUuid().getMostSignificantBits());
    bytes.putLong(BlockFormat.SET_AT + 8, SmallSpare.setUuid().getLeastSignificantBits());
    BlockFormat.seal(bytes, 0);
    SmallSpare.open(spareWith(block));
  }

  private static MemoryDevice spareWith(byte[] superblock) {
    MemoryDevice spare = SmallSpare.copy();
    for (int zone = 0; zone < 3; zone++) {
      SmallSpare.write(spare, SmallSpare.LAYOUT.superblockOffset(zone), superblock);
    }
    return spare;
  }
}
