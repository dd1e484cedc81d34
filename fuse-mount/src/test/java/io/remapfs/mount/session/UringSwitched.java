package io.remapfs.mount.session;

import java.io.IOException;
import java.nio.file.Files;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/**
 * The kernel's switch of FUSE over io_uring, on for as long as a mount takes to be made: afterwards
 * it no longer matters to that mount, and it holds for the whole machine.
 */
final class UringSwitched {
  private UringSwitched() {}

  /** Runs with the switch on, and puts it back; skips the test, and says so, where it cannot. */
  static <T> T on(Supplier<T> action) throws IOException {
    Assumptions.assumeTrue(
        Files.isWritable(UringSwitch.FILE),
        "NOT TESTED: FUSE over io_uring, because "
            + UringSwitch.FILE
            + " cannot be written (it needs Linux 6.14 and root)");
    String before = Files.readString(UringSwitch.FILE);
    Files.writeString(UringSwitch.FILE, "Y");
    try {
      return action.get();
    } finally {
      Files.writeString(UringSwitch.FILE, before);
    }
  }
}
