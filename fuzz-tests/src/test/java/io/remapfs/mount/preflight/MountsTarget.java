package io.remapfs.mount.preflight;

import io.remapfs.engine.device.MountTable;
import io.remapfs.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The input is /proc/self/mountinfo, with the names that others gave what they mounted. */
public final class MountsTarget {
  private static final long TABLE_BYTES = 4 << 20;

  private MountsTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    Expect.allocatingAtMost(
        TABLE_BYTES,
        () -> {
          MountTable table = MountTable.parse(text.lines().toList());
          for (MountTable.Mount mount : table.mounts()) {
            Expect.that(table.at(mount.mountPoint()).isPresent(), "%s is lost", mount);
            Expect.that(table.ofDevice(mount.device()).isPresent(), "%s is lost", mount);
          }
          Expect.that(table.at(Path.of("/nowhere/at/all")).isEmpty() || !text.isEmpty(), "a mount");
        });
  }
}
