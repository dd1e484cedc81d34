package io.remapfs.engine.posix;

import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** The calls that jnr-posix has, behind names without its objects. Thread-safe. */
public final class Posix {
  // asm-generic/fcntl.h, as on x86-64 and arm64 but for O_DIRECT.
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_EXCL = 0x80;
  public static final int O_CLOEXEC = 0x80000;
  public static final int O_DIRECT =
      System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;

  private static final POSIX NATIVE = POSIXFactory.getNativePOSIX();

  private Posix() {}

  /** {@code open(2)}: a descriptor, or -1 with {@link #errno()} set. */
  public static int open(String path, int flags) {
    return LibC.INSTANCE.open(path, flags, 0);
  }

  /** {@code close(2)}. */
  public static int close(int fd) {
    return LibC.INSTANCE.close(fd);
  }

  /** {@code dup2(2)}. */
  public static int dup2(int from, int to) {
    return NATIVE.dup2(from, to);
  }

  /** The effective user id. */
  public static int effectiveUid() {
    return NATIVE.geteuid();
  }

  /** The errno that the last failed call of this class left on this thread. */
  public static int errno() {
    return NATIVE.errno();
  }
}
