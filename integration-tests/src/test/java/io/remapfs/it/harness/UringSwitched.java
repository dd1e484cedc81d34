package io.remapfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/**
 * The kernel's switch of FUSE over io_uring, on for as long as a mount takes to be made: afterwards
 * it no longer matters to that mount, and it holds for the whole machine.
 */
final class UringSwitched {
  private static final Path SWITCH = Path.of("/sys/module/fuse/parameters/enable_uring");

  private UringSwitched() {}

  /** Whether the switch can be turned here. */
  static boolean isPossible() {
    return Files.isWritable(SWITCH);
  }

  /** Runs with the switch on, and puts it back; skips the test, and says so, where it cannot. */
  static <T> T on(Supplier<T> action) {
    Assumptions.assumeTrue(
        isPossible(),
        "NOT TESTED: FUSE over io_uring, because "
            + SWITCH
            + " cannot be written (it needs Linux 6.14 and root)");
    try {
      String before = Files.readString(SWITCH);
      Files.writeString(SWITCH, "Y");
      try {
        return action.get();
      } finally {
        Files.writeString(SWITCH, before);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
