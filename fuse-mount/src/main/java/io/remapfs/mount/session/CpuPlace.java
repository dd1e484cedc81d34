package io.remapfs.mount.session;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/** The machine's CPUs, by number. */
final class CpuPlace {
  private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");

  private CpuPlace() {}

  /**
   * The number of CPUs that the kernel is prepared for: FUSE has a queue for each.
   *
   * @throws SessionUnavailableException if it cannot be read
   */
  static int possible() {
    try {
      return count(Files.readString(POSSIBLE).strip());
    } catch (IOException | NumberFormatException e) {
      throw new SessionUnavailableException(POSSIBLE + " cannot be read");
    }
  }

  /** How many a list such as {@code 0-3,8} names. */
  static int count(String list) {
    int count = 0;
    for (String range : list.split(",", -1)) {
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
      count += last - first + 1;
    }
    return count;
  }

  /**
   * Keeps the calling thread on one CPU.
   *
   * @return false where that CPU is off or not for this process; the thread then runs where it did
   */
  static boolean keepThisThreadOn(int cpu) {
    int bytes = (cpu / Long.SIZE + 1) * Long.BYTES;
    Pointer mask = Memory.allocateDirect(Runtime.getSystemRuntime(), bytes, true);
    mask.putLong((long) cpu / Long.SIZE * Long.BYTES, 1L << cpu);
    return LibC.INSTANCE.sched_setaffinity(0, bytes, mask.address()) == 0;
  }
}
