package io.remapfs.engine.metadata;

import io.remapfs.fuzz.MemoryDevice;

/**
 * The input is a checkpoint: 372 bytes of header from its generation on (of which 104 are numbers
 * and the rest a fingerprint), then the bodies of the block behind it and of the one after, 512
 * bytes each. It is written over area A and, if its first bit says so, area B, with checksums that
 * fit.
 */
public final class CheckpointTarget {
  private static final int INDEX_AT = 12;
  private static final int GENERATION_AT = 32;
  private static final int BLOCK_IDENTITY_BYTES = 20;
  private static final int HEADER_BYTES = 372;
  private static final int BODY_BYTES = 512;

  private CheckpointTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    MemoryDevice spare = SmallSpare.copy();
    int areas = input[0] < 0 ? 2 : 1;
    int blocks = Math.min(3, SmallSpare.LAYOUT.checkpointBlocks());
    for (int index = 0; index < blocks; index++) {
      byte[] block = block(input, index);
      for (int zone = 0; zone < 3; zone++) {
        for (int area = 0; area < areas; area++) {
          SmallSpare.write(spare, SmallSpare.LAYOUT.checkpointOffset(zone, area, index), block);
        }
      }
    }
    SmallSpare.open(spare);
  }

  private static byte[] block(byte[] input, int index) {
    byte[] block = new byte[BlockFormat.BYTES];
    block[INDEX_AT + 3] = (byte) index;
    if (index == 0) {
      SmallSpare.put(input, 1, block, GENERATION_AT, HEADER_BYTES);
    } else {
      SmallSpare.put(input, 1, block, GENERATION_AT, BLOCK_IDENTITY_BYTES);
      int from = 1 + HEADER_BYTES + (index - 1) * BODY_BYTES;
      SmallSpare.put(input, from, block, CheckpointFormat.BODY_AT, BODY_BYTES);
    }
    SmallSpare.makeOurs(block, CheckpointFormat.MAGIC);
    return block;
  }
}
