package io.remapfs.engine.device;

import io.remapfs.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The input is a descriptor's file below /proc/PID/fdinfo. */
public final class LocksTarget {
  private static final long TABLE_BYTES = 4 << 20;
  private static final StorageExtent EXTENT =
      new StorageExtent("file 1:2", Path.of("/disk.img"), 4096, 8192);

  private LocksTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    Expect.allocatingAtMost(
        TABLE_BYTES,
        () -> {
          boolean held = LockHolders.hasLock(text.lines().toList(), EXTENT);
          Expect.that(!held || text.contains("lock:"), "a lock without a line");
        });
  }
}
