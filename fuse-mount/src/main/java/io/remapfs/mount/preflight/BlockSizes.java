package io.remapfs.mount.preflight;

import io.remapfs.engine.device.DeviceFacts;

/** Which block sizes are allowed, and which backings divide into them. */
public final class BlockSizes {
  /** The block size where none is named, in bytes. */
  public static final int DEFAULT_BYTES = 4096;

  private static final int LEAST_BYTES = 512;
  private static final int MOST_BYTES = 64 << 10;

  private BlockSizes() {}

  /** Refuses what is no power of two from 512 to 64 KiB. */
  public static int require(long blockSizeBytes) throws RefusedException {
    if (blockSizeBytes < LEAST_BYTES
        || blockSizeBytes > MOST_BYTES
        || Long.bitCount(blockSizeBytes) != 1) {
      throw RefusedException.usage(
          "--block-size " + blockSizeBytes + " is not allowed; use a power of two from 512 to 64K");
    }
    return (int) blockSizeBytes;
  }

  /** Refuses a backing that is not whole blocks, or whose sectors are larger than a block. */
  public static void requireDivides(String backing, DeviceFacts facts, int blockSizeBytes)
      throws RefusedException {
    if (facts.sizeBytes() % blockSizeBytes != 0) {
      throw RefusedException.usage(
          backing
              + " has "
              + facts.sizeBytes()
              + " bytes, which is not a multiple of the block size "
              + blockSizeBytes
              + "; "
              + advice(backing, facts.sizeBytes(), blockSizeBytes));
    }
    if (facts.sectorSizeBytes() > blockSizeBytes) {
      throw RefusedException.usage(
          backing
              + " has sectors of "
              + facts.sectorSizeBytes()
              + " bytes; use a block size of at least that");
    }
  }

  private static String advice(String backing, long sizeBytes, int blockSizeBytes) {
    long fitting = Math.min(Long.lowestOneBit(sizeBytes), blockSizeBytes);
    if (fitting >= LEAST_BYTES) {
      return "use --block-size=" + fitting;
    }
    long rounded = (sizeBytes / blockSizeBytes + 1) * blockSizeBytes;
    return "make it whole with: truncate -s " + rounded + " " + backing;
  }
}
