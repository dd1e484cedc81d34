package io.remapfs.engine.device;

import io.remapfs.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** The input is /proc/locks. */
public final class LocksTarget {
  private static final long TABLE_BYTES = 4 << 20;

  private LocksTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    Expect.allocatingAtMost(
        TABLE_BYTES,
        () -> {
          long pid = DeviceHolders.flockHolder(text.lines().toList(), "fe:00:1234");
          Expect.that(pid >= -1, "process %d", pid);
        });
  }
}
