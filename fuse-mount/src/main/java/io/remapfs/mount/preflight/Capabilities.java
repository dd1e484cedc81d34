package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The effective capabilities of this process (capabilities(7)).
 *
 * @param effective the bit set from /proc/self/status
 */
public record Capabilities(long effective) {
  // linux/capability.h
  public static final int SETGID = 6;
  public static final int SETUID = 7;
  public static final int IPC_LOCK = 14;
  public static final int SYS_ADMIN = 21;
  public static final int SYS_RESOURCE = 24;

  /** Reads them; none where they cannot be told. */
  public static Capabilities ofThisProcess() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapEff:")) {
          return new Capabilities(Long.parseUnsignedLong(line.substring(7).strip(), 16));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return new Capabilities(0);
    }
    return new Capabilities(0);
  }

  public boolean has(int capability) {
    return (effective >>> capability & 1) != 0;
  }
}
