package io.remapfs.mount.fs;

import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.StraightPath;
import io.remapfs.engine.TransferPlace;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.posix.Errno;

/**
 * The file {@code image}: a regular file of fixed size over the engine, with errnos instead of
 * exceptions. Results below zero are negative errnos.
 *
 * <p>Its end behaves as a disk's: a read across it is short, a read behind it is empty, a write
 * across it is short, and a write behind it is ENOSPC.
 *
 * <p>Thread-safe, and it allocates nothing unless something fails: both sessions run through here.
 */
public final class ImageFile {
  /** The handle of an open for reading only. Closing such a one needs no barrier. */
  public static final long READ_HANDLE = 1;

  /** The handle of an open that may write. */
  public static final long WRITE_HANDLE = 2;

  // linux/falloc.h
  static final int FALLOC_FL_KEEP_SIZE = 0x01;
  static final int FALLOC_FL_PUNCH_HOLE = 0x02;
  static final int FALLOC_FL_ZERO_RANGE = 0x10;

  private final RemapEngine engine;
  private final StraightPath straight;
  private final boolean readOnly;
  private final long sizeBytes;

  ImageFile(RemapEngine engine, boolean readOnly) {
    this.engine = engine;
    this.straight = engine.straightPath();
    this.readOnly = readOnly;
    this.sizeBytes = engine.sizeBytes();
  }

  /** Whether a file handle is one of the image's two. */
  public static boolean isHandle(long handle) {
    return handle == READ_HANDLE || handle == WRITE_HANDLE;
  }

  /** The size in bytes; fixed. */
  public long sizeBytes() {
    return sizeBytes;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  /**
   * Reads into {@code buffer} at index {@code at}.
   *
   * @return the bytes read: {@code lengthBytes}, or fewer at the end of the image; or -errno
   */
  public int read(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    if (byteOffset < 0 || lengthBytes < 0) {
      return -Errno.EINVAL;
    }
    if (byteOffset >= sizeBytes) {
      return 0;
    }
    int count = (int) Math.min(lengthBytes, sizeBytes - byteOffset);
    if (count == 0) {
      return 0;
    }
    try {
      engine.read(byteOffset, buffer, at, count);
      return count;
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("read", failure);
    }
  }

  /**
   * Writes from {@code buffer} at index {@code at}.
   *
   * @return the bytes written: {@code lengthBytes}, or fewer at the end of the image; or -errno
   */
  public int write(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    if (readOnly) {
      return -Errno.EROFS;
    }
    if (byteOffset < 0 || lengthBytes < 0) {
      return -Errno.EINVAL;
    }
    if (lengthBytes == 0) {
      return 0;
    }
    if (byteOffset >= sizeBytes) {
      return -Errno.ENOSPC;
    }
    int count = (int) Math.min(lengthBytes, sizeBytes - byteOffset);
    try {
      engine.write(byteOffset, buffer, at, count);
      return count;
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("write", failure);
    }
  }

  /**
   * Begins a read for a worker that submits the transfer itself; {@link #readAfterFailure} must
   * follow where that fails or is short.
   *
   * @param place takes where to read from
   * @return false for what belongs to {@link #read}
   */
  public boolean enterRead(
      long byteOffset, IoBuffer buffer, int at, int lengthBytes, TransferPlace place) {
    return isInside(byteOffset, lengthBytes)
        && straight.enterRead(byteOffset, buffer, at, lengthBytes, place);
  }

  /** Does an entered read over; the results are those of {@link #read}. */
  public int readAfterFailure(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    try {
      straight.readAfterFailure(byteOffset, buffer, at, lengthBytes);
      return lengthBytes;
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("read", failure);
    }
  }

  /**
   * Begins a write for a worker that submits the transfer itself; {@link #leaveWrite} must follow
   * where that was taken whole, else {@link #leaveFailedWrite}, and {@link #writeAfterFailure}.
   *
   * @param place takes where to write to
   * @return false for what belongs to {@link #write}
   */
  public boolean enterWrite(
      long byteOffset, IoBuffer buffer, int at, int lengthBytes, TransferPlace place) {
    return !readOnly
        && isInside(byteOffset, lengthBytes)
        && straight.enterWrite(byteOffset, buffer, at, lengthBytes, place);
  }

  /** Ends an entered write that was taken whole. */
  public void leaveWrite(long byteOffset, int lengthBytes, TransferPlace place) {
    straight.leaveWrite(byteOffset, lengthBytes, place);
  }

  /** Ends an entered write that failed or was taken in part. */
  public void leaveFailedWrite(long byteOffset, int lengthBytes) {
    straight.leaveFailedWrite(byteOffset, lengthBytes);
  }

  /** Does a write over that failed and was left; the results are those of {@link #write}. */
  public int writeAfterFailure(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    try {
      straight.writeAfterFailure(byteOffset, buffer, at, lengthBytes);
      return lengthBytes;
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("write", failure);
    }
  }

  private boolean isInside(long byteOffset, int lengthBytes) {
    return byteOffset >= 0 && lengthBytes > 0 && byteOffset <= sizeBytes - lengthBytes;
  }

  /** A durability barrier over everything acknowledged so far: 0 or -errno. */
  public int flush() {
    try {
      engine.flush();
      return 0;
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("flush", failure);
    }
  }

  /**
   * Punches a hole or zeroes a range, as a loop device's discard and write-zeroes ask.
   *
   * @param mode the flags of {@code fallocate(2)}; anything but these two is EOPNOTSUPP
   * @return 0 or -errno
   */
  int fallocate(int mode, long byteOffset, long lengthBytes) {
    boolean punch = mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    boolean zero = (mode & ~FALLOC_FL_KEEP_SIZE) == FALLOC_FL_ZERO_RANGE;
    if (!punch && !zero) {
      return -Errno.EOPNOTSUPP;
    }
    if (readOnly) {
      return -Errno.EROFS;
    }
    if (byteOffset < 0 || lengthBytes <= 0) {
      return -Errno.EINVAL;
    }
    boolean keepsSize = (mode & FALLOC_FL_KEEP_SIZE) != 0;
    if (!keepsSize && byteOffset > sizeBytes - lengthBytes) {
      return -Errno.EPERM;
    }
    long count = Math.min(lengthBytes, sizeBytes - byteOffset);
    if (count <= 0) {
      return 0;
    }
    try {
      engine.zero(byteOffset, count, punch);
      return 0;
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("fallocate", failure);
    }
  }

  /** Growing and cutting are refused with EPERM; the size that it has is accepted. */
  int truncate(long newSizeBytes) {
    return newSizeBytes == sizeBytes ? 0 : -Errno.EPERM;
  }
}
