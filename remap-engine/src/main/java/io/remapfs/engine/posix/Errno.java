package io.remapfs.engine.posix;

import jnr.ffi.LastError;
import jnr.ffi.Runtime;

/** Errno values of Linux by name, and the last one of this thread. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENOTTY = 25;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int ENOSYS = 38;
  public static final int ENODATA = 61;
  public static final int ENOLINK = 67;
  public static final int EILSEQ = 84;
  public static final int EOPNOTSUPP = 95;
  public static final int ECONNABORTED = 103;
  public static final int ENOTCONN = 107;
  public static final int ESHUTDOWN = 108;
  public static final int ETIMEDOUT = 110;
  public static final int EREMOTEIO = 121;
  public static final int EDQUOT = 122;

  private Errno() {}

  /** The errno that the last failed {@link LibC} call of this thread left. */
  public static int last() {
    return LastError.getLastError(Runtime.getSystemRuntime());
  }

  /** "EIO (Input/output error)": the symbolic name and the C library's text. */
  public static String describe(int errno) {
    jnr.constants.platform.Errno known = jnr.constants.platform.Errno.valueOf(errno);
    return known.name() + " (" + known.description() + ")";
  }
}
