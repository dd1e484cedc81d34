package io.remapfs.mount.fs;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.posix.Errno;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The one place where a failure becomes an errno.
 *
 * <p>A device's error keeps its errno; a range outside the image is EINVAL; all else is a fault of
 * ours: EIO, and a log entry with its stack, once for each place it comes from and then at every
 * power of two, so that a fault on the I/O path cannot fill the log. Never throws. Thread-safe.
 */
public final class ErrnoEdge {
  /** The kernel refuses a reply whose errno is 512 or more (fuse_dev_do_write). */
  private static final int HIGHEST_ERRNO = 511;

  private static final Logger LOG = LogManager.getLogger(ErrnoEdge.class);
  private static final ConcurrentHashMap<String, AtomicLong> SEEN = new ConcurrentHashMap<>();

  private ErrnoEdge() {}

  /**
   * The negative errno that answers a request.
   *
   * @param operation what was asked for, for the log
   */
  public static int negativeErrno(String operation, Throwable failure) {
    if (failure instanceof BlockDeviceException deviceError) {
      int errno = deviceError.errno();
      return errno > 0 && errno <= HIGHEST_ERRNO ? -errno : -Errno.EIO;
    }
    logOnce(operation, failure);
    return failure instanceof IllegalArgumentException ? -Errno.EINVAL : -Errno.EIO;
  }

  private static void logOnce(String operation, Throwable failure) {
    try {
      StackTraceElement[] stack = failure.getStackTrace();
      String place = stack.length == 0 ? "" : stack[0].toString();
      String key = operation + ' ' + failure.getClass().getName() + ' ' + place;
      long count = SEEN.computeIfAbsent(key, k -> new AtomicLong()).incrementAndGet();
      if (Long.bitCount(count) == 1) {
        LOG.error("{} failed unexpectedly ({} times so far)", operation, count, failure);
      }
    } catch (Throwable t) {
      // Out of memory, most likely. The request still gets its answer, which matters more.
    }
  }
}
