package io.remapfs.mount.daemon;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;

/** The class in which the kernel queues a thread's I/O. */
final class IoPriority {
  // linux/ioprio.h
  private static final int IOPRIO_WHO_PROCESS = 1;
  private static final int IOPRIO_CLASS_IDLE = 3;
  private static final int IOPRIO_CLASS_SHIFT = 13;

  private static final int THIS_THREAD = 0;

  private IoPriority() {}

  /**
   * Lets the calling thread's I/O wait for everybody else's, where the disk's I/O scheduler knows
   * such a thing.
   *
   * @return "" or why that cannot be had, one sentence
   */
  static String becomeIdle() {
    long call = number();
    if (call < 0) {
      return "the scan reads with normal I/O priority: this architecture is not known";
    }
    long priority = (long) IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT;
    if (LibC.INSTANCE.syscall(call, IOPRIO_WHO_PROCESS, THIS_THREAD, priority) != 0) {
      return "the scan reads with normal I/O priority: " + Errno.describe(Errno.last());
    }
    return "";
  }

  /** {@code ioprio_set} in asm/unistd.h. */
  private static long number() {
    return switch (System.getProperty("os.arch", "")) {
      case "amd64", "x86_64" -> 251;
      case "aarch64" -> 30;
      default -> -1;
    };
  }
}
