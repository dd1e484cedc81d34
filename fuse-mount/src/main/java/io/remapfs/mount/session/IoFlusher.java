package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * PR_SET_IO_FLUSHER for the threads of one session: while such a thread asks for memory, the kernel
 * does not wait for dirty pages of a file system to be written, which might be the one on our own
 * image. Inherited by nobody, so each worker asks for itself. Thread-safe.
 */
final class IoFlusher {
  private static final Logger LOG = LogManager.getLogger(IoFlusher.class);

  /** linux/prctl.h, since Linux 5.6. */
  private static final int PR_SET_IO_FLUSHER = 57;

  private final AtomicBoolean refused = new AtomicBoolean();

  /** Marks the calling thread; the first refusal of a session is logged, and only that. */
  void markThisThread() {
    if (LibC.INSTANCE.prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0) {
      int errno = Errno.last();
      if (refused.compareAndSet(false, true)) {
        LOG.warn(
            "the kernel refuses PR_SET_IO_FLUSHER ({}; it needs CAP_SYS_RESOURCE): under memory"
                + " pressure it may wait for the disk that we serve",
            Errno.describe(errno));
      }
    }
  }

  /** Whether no thread was refused. */
  boolean isGranted() {
    return !refused.get();
  }
}
