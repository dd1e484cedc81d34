package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.RefusedException;
import java.util.Map;

/** Checks block numbers against a mounted image. */
final class BlockRange {
  private BlockRange() {}

  /** The blocks of the image, from its report. */
  static long blockCount(Map<String, Object> status) throws RefusedException {
    return ControlClient.number(status, "image", "sizeBytes") / ControlClient.blockSize(status);
  }

  /** Refuses a count of blocks from {@code first} on that is none or leaves the image. */
  static void requireCount(long first, long count, long blockCount) throws RefusedException {
    if (count < 1 || count > blockCount - first) {
      throw RefusedException.usage(
          "COUNT must be 1 to " + (blockCount - first) + " from block " + first + ", not " + count);
    }
  }

  /** Refuses a block outside the image. */
  static void require(long block, long blockCount) throws RefusedException {
    if (block < 0 || block >= blockCount) {
      throw RefusedException.usage(
          "there is no block " + block + "; the image has blocks 0 to " + (blockCount - 1));
    }
  }
}
