package io.remapfs.engine.device;

import io.remapfs.engine.posix.Errno;

/**
 * Tells the medium's errors from the transport's.
 *
 * <p>The medium's are those that Linux' block layer gives for a sector: EIO (BLK_STS_IOERR, and
 * what a file system makes of most), ENODATA (BLK_STS_MEDIUM, "critical medium error"), EILSEQ
 * (BLK_STS_PROTECTION) and EREMOTEIO (BLK_STS_TARGET, "critical target error"); see {@code
 * blk_errors[]} in block/blk-core.c. Every other errno speaks of the way to the device or of what
 * is around it, and must never cost a spare slot.
 */
public final class DeviceErrors {
  private DeviceErrors() {}

  /** Whether an errno tells of a bad block. */
  public static boolean isMedium(int errno) {
    return errno == Errno.EIO
        || errno == Errno.ENODATA
        || errno == Errno.EILSEQ
        || errno == Errno.EREMOTEIO;
  }

  /**
   * Whether an errno says that a write was turned away before any of it went anywhere, so that
   * nothing of it can still land later: no space, no quota, read-only, not permitted.
   */
  public static boolean isTurnedAway(int errno) {
    return errno == Errno.ENOSPC
        || errno == Errno.EDQUOT
        || errno == Errno.EROFS
        || errno == Errno.EPERM;
  }

  /**
   * The exception for a failed transfer.
   *
   * @param what for the message: "read", "write", "zero"
   */
  public static BlockDeviceException of(
      String device, String what, int errno, long byteOffset, long lengthBytes) {
    String message =
        what
            + " of "
            + lengthBytes
            + " bytes at "
            + byteOffset
            + " of "
            + device
            + " failed: "
            + Errno.describe(errno);
    return isMedium(errno)
        ? new MediumErrorException(message, errno, byteOffset, lengthBytes)
        : new TransportErrorException(message, errno, byteOffset, lengthBytes);
  }

  /** The sentence about a device that is shorter than when it was opened. */
  public static String cutShort(String device, long endBytes, long sizeBytes) {
    return endBytes <= 0
        ? device + " is gone: it has no size any more, was " + sizeBytes + " bytes"
        : device + " ended at byte " + endBytes + ", was " + sizeBytes;
  }

  /** The refusal of a write to what was opened read-only. */
  public static TransportErrorException readOnly(String device) {
    return new TransportErrorException(device + " is mounted read-only", Errno.EROFS, -1, 0);
  }
}
