package io.remapfs.engine.device;

import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;

/**
 * The way past the kernel's page cache for reads that must meet the medium.
 *
 * <p>A device that is opened with O_DIRECT is such a way itself. Beside a buffered one a second
 * descriptor is opened with O_DIRECT, while the rights to do so are there; the kernel writes what
 * it holds dirty of the range before it reads. Where the file system refuses that, cached pages are
 * dropped before each read. Where it refuses even that, reads may be answered from the cache, and
 * {@link #describe} says so.
 *
 * <p>Thread-safe; {@link #close} must come after the last read.
 */
final class MediumAccess {
  // linux/fadvise.h
  private static final int POSIX_FADV_DONTNEED = 4;

  private static final int NONE = -1;

  private final LibC libc;
  private final int fd;

  /** The second descriptor, or NONE. */
  private final int second;

  private volatile boolean directRefused;
  private volatile boolean dropRefused;

  private MediumAccess(LibC libc, int fd, int second, boolean directRefused) {
    this.libc = libc;
    this.fd = fd;
    this.second = second;
    this.directRefused = directRefused;
  }

  /**
   * @param fd an open device
   * @param mode how it was opened
   */
  static MediumAccess open(LibC libc, int fd, IoMode mode) {
    if (mode == IoMode.DIRECT) {
      return new MediumAccess(libc, fd, NONE, false);
    }
    // By the descriptor: a path may lead elsewhere by now.
    int flags = Posix.O_RDONLY | Posix.O_DIRECT | Posix.O_CLOEXEC;
    int second = libc.open("/proc/self/fd/" + fd, flags, 0);
    return new MediumAccess(libc, fd, second, second < 0);
  }

  /** What to read through, or -1 where {@link #dropCached} must do. */
  int descriptor() {
    return directRefused ? NONE : second >= 0 ? second : fd;
  }

  /** Takes note that the file system took O_DIRECT at open, and not for a read. */
  void refuseDirect() {
    directRefused = true;
  }

  /** Drops what the kernel holds of a range, unless it is dirty. */
  void dropCached(long byteOffset, long lengthBytes) {
    if (libc.posix_fadvise(fd, byteOffset, lengthBytes, POSIX_FADV_DONTNEED) != 0) {
      dropRefused = true;
    }
  }

  String describe() {
    if (!directRefused) {
      return second >= 0 ? "direct, beside the buffered mount" : "direct";
    }
    return dropRefused
        ? "buffered: the kernel may answer from its cache"
        : "buffered, cached pages dropped first";
  }

  void close() {
    if (second >= 0) {
      libc.close(second);
    }
  }
}
