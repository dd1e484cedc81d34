package io.remapfs.mount.session;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The CPU that a thread belongs to, and those that it may run on. An instance is used by the thread
 * that made it.
 */
final class CpuPlace {
  private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");

  /** Room for 8192 CPUs, the most that Linux can be built for. */
  private static final int MASK_BYTES = 1024;

  private final Pointer home = newMask();
  private final Pointer anywhere = newMask();
  private boolean isKept;

  /** Whether the kernel lets this thread be kept; if not, it runs where it did. */
  private boolean isPossible;

  /**
   * The place of the calling thread, which is not kept there yet.
   *
   * @param cpu by its number, below 8192
   */
  CpuPlace(int cpu) {
    home.putLong((long) cpu / Long.SIZE * Long.BYTES, 1L << cpu);
    isPossible = LibC.INSTANCE.sched_getaffinity(0, MASK_BYTES, anywhere.address()) == 0;
  }

  private static Pointer newMask() {
    return Memory.allocateDirect(Runtime.getSystemRuntime(), MASK_BYTES, true);
  }

  /**
   * Keeps the thread on its CPU, or lets it run wherever it could before.
   *
   * @return whether it is as wished; not where that CPU is off or not for this process
   */
  boolean keep(boolean kept) {
    if (kept != isKept && isPossible) {
      Pointer mask = kept ? home : anywhere;
      isPossible = LibC.INSTANCE.sched_setaffinity(0, MASK_BYTES, mask.address()) == 0;
      isKept = kept && isPossible;
    }
    return kept == isKept;
  }

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
}
