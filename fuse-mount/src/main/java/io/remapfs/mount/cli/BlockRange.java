package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.RefusedException;
import java.util.Map;

/** Checks block numbers against a mounted image. */
final class BlockRange {
  private BlockRange() {}

  /** The blocks of the image, from its report. */
  static long blockCount(Map<String, Object> status) {
    return ControlClient.number(status, "image", "sizeBytes")
        / ControlClient.number(status, "image", "blockSize");
  }

  /** Refuses a block outside the image. */
  static void require(long block, long blockCount) throws RefusedException {
    if (block < 0 || block >= blockCount) {
      throw RefusedException.usage(
          "there is no block " + block + "; the image has blocks 0 to " + (blockCount - 1));
    }
  }
}
