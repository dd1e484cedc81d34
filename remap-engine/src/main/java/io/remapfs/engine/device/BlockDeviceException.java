package io.remapfs.engine.device;

import java.io.IOException;

/**
 * An I/O that failed, with its errno and byte range. Carries no stack trace: it is thrown on the
 * error path of a dying disk thousands of times, and its range says more than its frames.
 */
public abstract sealed class BlockDeviceException extends IOException
    permits MediumErrorException, TransportErrorException {
  private static final long serialVersionUID = 1L;

  private final int errno;
  private final long byteOffset;
  private final long lengthBytes;

  BlockDeviceException(String message, int errno, long byteOffset, long lengthBytes) {
    super(message);
    this.errno = errno;
    this.byteOffset = byteOffset;
    this.lengthBytes = lengthBytes;
  }

  /** The errno to report, a positive number. */
  public int errno() {
    return errno;
  }

  /** The first byte of the failed range, or -1 where no range applies (a flush). */
  public long byteOffset() {
    return byteOffset;
  }

  /** The length of the failed range in bytes; 0 where no range applies. */
  public long lengthBytes() {
    return lengthBytes;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
