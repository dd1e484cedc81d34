package io.remapfs.health;

import io.remapfs.health.blame.Blame;
import io.remapfs.health.blame.DiskBytes;
import java.util.concurrent.TimeUnit;

/**
 * The input is the beginning of a disk, and all the rest of it again and again: an ext4, an xfs or
 * a partition table that leads into itself everywhere.
 */
public final class BlameTarget {
  private static final long SIZE_BYTES = 64L << 20;
  private static final int BLOCK_BYTES = 4096;

  /** A disk that never ends must cost a search no more than this. */
  private static final long LIMIT_MILLIS = 10;

  private BlameTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    DiskBytes disk =
        DiskBytes.of(
            (byteOffset, into) -> {
              for (long at = byteOffset; into.hasRemaining(); ) {
                int from = (int) (at % input.length);
                int length = Math.min(input.length - from, into.remaining());
                into.put(input, from, length);
                at += length;
              }
            },
            SIZE_BYTES,
            new long[] {3},
            BLOCK_BYTES,
            TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS));
    long[] asked = {0, 1, 2, 3, 77, SIZE_BYTES / BLOCK_BYTES - 1};
    long told =
        Blame.of(disk, asked, BLOCK_BYTES).findings().stream()
            .mapToLong(finding -> finding.byteOffset() / BLOCK_BYTES)
            .distinct()
            .count();
    if (told != asked.length) {
      throw new AssertionError("only " + told + " of the blocks are told of");
    }
  }
}
