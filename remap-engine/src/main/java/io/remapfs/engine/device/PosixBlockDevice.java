package io.remapfs.engine.device;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A regular file or block device of Linux, spoken to with {@code pread}, {@code pwrite}, {@code
 * fdatasync} and {@code fallocate}.
 *
 * <p>Opened with O_DIRECT unless asked otherwise: a buffered write always succeeds and its error
 * surfaces later without an address, and a buffered read drags its neighbours in. A block device
 * that is written is opened with O_EXCL, so that one which is mounted or belongs to an array is
 * refused; every device is locked with {@code flock}, exclusively where it is written.
 *
 * <p>Transfers never go through {@code FileChannel}: an interrupt closes that, and it has no errno.
 *
 * <p>Thread-safe. {@link #close()} must come after the last transfer.
 */
public final class PosixBlockDevice implements BlockDevice {
  // linux/falloc.h
  private static final int FALLOC_FL_KEEP_SIZE = 0x01;
  private static final int FALLOC_FL_PUNCH_HOLE = 0x02;
  private static final int FALLOC_FL_ZERO_RANGE = 0x10;

  /** One write of zeros, where the device cannot zero by itself. */
  private static final int ZERO_CHUNK_BYTES = 1 << 20;

  private final String name;
  private final int fd;
  private final DeviceFacts facts;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean flushFailed;

  private PosixBlockDevice(String name, int fd, DeviceFacts facts) {
    this.name = name;
    this.fd = fd;
    this.facts = facts;
  }

  /**
   * Opens and locks a device.
   *
   * @param path a regular file or block device, symbolic links followed
   * @throws DeviceBusyException if another process has it
   * @throws DeviceOpenException if it cannot be opened, with a sentence that says why
   */
  public static PosixBlockDevice open(String path, IoMode mode, Access access)
      throws DeviceOpenException {
    DeviceOpener.Opened opened = DeviceOpener.open(path, mode, access);
    return new PosixBlockDevice(path, opened.fd(), opened.facts());
  }

  /** What the kernel tells of this device. */
  public DeviceFacts facts() {
    return facts;
  }

  /** The descriptor, for workers that submit transfers themselves; -1 once closed. */
  public int fd() {
    return closed.get() ? -1 : fd;
  }

  @Override
  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    check(byteOffset, buffer, at, lengthBytes);
    int done = 0;
    while (done < lengthBytes) {
      long n =
          LibC.INSTANCE.pread(
              fd, buffer.address() + at + done, lengthBytes - done, byteOffset + done);
      if (n > 0) {
        done += (int) n;
      } else if (n == 0) {
        // The file is shorter than when it was opened: it was cut behind our back.
        throw new TransportErrorException(
            name + " ends before byte " + (byteOffset + lengthBytes) + "; it was shortened",
            Errno.EIO,
            byteOffset + done,
            lengthBytes - done);
      } else {
        int errno = Errno.last();
        if (errno != Errno.EINTR) {
          throw DeviceErrors.of(name, "read", errno, byteOffset + done, lengthBytes - done);
        }
      }
    }
  }

  @Override
  public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    check(byteOffset, buffer, at, lengthBytes);
    int done = 0;
    while (done < lengthBytes) {
      long n =
          LibC.INSTANCE.pwrite(
              fd, buffer.address() + at + done, lengthBytes - done, byteOffset + done);
      if (n > 0) {
        done += (int) n;
      } else {
        // A write of 0 bytes is no error for the kernel and no progress for us.
        int errno = n == 0 ? Errno.EIO : Errno.last();
        if (errno != Errno.EINTR) {
          throw DeviceErrors.of(name, "write", errno, byteOffset + done, lengthBytes - done);
        }
      }
    }
  }

  @Override
  public void flush() throws BlockDeviceException {
    if (flushFailed) {
      throw new MediumErrorException(
          "an earlier flush of " + name + " failed; mount anew", Errno.EIO, -1, 0);
    }
    // Not repeated on EINTR beyond what the kernel says: fdatasync never returns it half-done.
    while (Posix.fdatasync(fd) != 0) {
      int errno = Posix.errno();
      if (errno != Errno.EINTR) {
        flushFailed = true;
        throw DeviceErrors.of(name, "flush", errno, -1, 0);
      }
    }
  }

  @Override
  public void zero(long byteOffset, long lengthBytes, boolean deallocate)
      throws BlockDeviceException {
    checkRange(byteOffset, lengthBytes);
    int mode =
        deallocate
            ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
            : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
    while (LibC.INSTANCE.fallocate(fd, mode, byteOffset, lengthBytes) != 0) {
      int errno = Errno.last();
      if (errno == Errno.EINTR) {
        continue;
      }
      if (errno == Errno.EOPNOTSUPP || errno == Errno.ENOSYS || errno == Errno.EINVAL) {
        writeZeros(byteOffset, lengthBytes);
        return;
      }
      throw DeviceErrors.of(name, "zero", errno, byteOffset, lengthBytes);
    }
  }

  private void writeZeros(long byteOffset, long lengthBytes) throws BlockDeviceException {
    int chunk = (int) Math.min(ZERO_CHUNK_BYTES, lengthBytes);
    IoBuffer zeros = IoBuffer.allocate(chunk);
    for (long done = 0; done < lengthBytes; done += chunk) {
      write(byteOffset + done, zeros, 0, (int) Math.min(chunk, lengthBytes - done));
    }
  }

  @Override
  public long sizeBytes() {
    return facts.sizeBytes();
  }

  @Override
  public int sectorSizeBytes() {
    return facts.sectorSizeBytes();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Posix.close(fd);
    }
  }

  private void check(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    checkRange(byteOffset, lengthBytes);
    if (at < 0 || at + lengthBytes > buffer.capacityBytes()) {
      throw new IllegalArgumentException(
          "bytes " + at + " to " + ((long) at + lengthBytes) + " are outside the buffer");
    }
  }

  private void checkRange(long byteOffset, long lengthBytes) {
    long sectorMask = facts.sectorSizeBytes() - 1L;
    if (byteOffset < 0
        || lengthBytes <= 0
        || byteOffset > facts.sizeBytes() - lengthBytes
        || ((byteOffset | lengthBytes) & sectorMask) != 0) {
      throw new IllegalArgumentException(
          lengthBytes + " bytes at " + byteOffset + " are no range of sectors of " + name);
    }
  }
}
