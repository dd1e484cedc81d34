package io.remapfs.mount.session;

import io.remapfs.mount.ring.IoUring;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether this machine has FUSE over io_uring for us. The kernel's switch is only looked at, never
 * turned: it holds for all of the machine's FUSE file systems, so it is its owner's. Thread-safe.
 */
public final class UringSwitch {
  /** There since Linux 6.14, with CONFIG_FUSE_IO_URING; Y or N. */
  public static final Path FILE = Path.of("/sys/module/fuse/parameters/enable_uring");

  private UringSwitch() {}

  /** Why not, with what can be done about it: a sentence without its full stop; "" if it has. */
  public static String problem() {
    try {
      if (!Files.readString(FILE).strip().equals("Y")) {
        return "FUSE over io_uring is switched off (root can switch it on: echo Y > " + FILE + ")";
      }
    } catch (IOException e) {
      return "this kernel has no FUSE over io_uring (Linux 6.14 has, with CONFIG_FUSE_IO_URING)";
    }
    return IoUring.wideProblem();
  }
}
