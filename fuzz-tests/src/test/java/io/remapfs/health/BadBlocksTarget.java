package io.remapfs.health;

import io.remapfs.health.BadBlockFile.Format;
import java.util.Arrays;

/** The input is a list of badblocks; its first byte says what a number counts, as a power of 2. */
public final class BadBlocksTarget {
  private BadBlocksTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length > 0) {
      byte[] list = Arrays.copyOfRange(input, 1, input.length);
      ListTarget.feed(list, Format.BADBLOCKS, 0);
      ListTarget.feed(list, Format.BADBLOCKS, 1L << (input[0] & 0xff) % 31);
    }
  }
}
