package io.remapfs.engine.device;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A regular file or block device of Linux, spoken to with {@code pread}, {@code pwrite}, {@code
 * fdatasync} and {@code fallocate}.
 *
 * <p>Opened with O_DIRECT unless asked otherwise: a buffered write always succeeds and its error
 * surfaces later without an address, and a buffered read drags its neighbours in. A block device
 * that is written is opened with O_EXCL, so that one which is mounted or belongs to an array is
 * refused; every device is locked with {@code flock}, and what it lies on with {@link RangeLocks},
 * exclusively where it is written.
 *
 * <p>Transfers never go through {@code FileChannel}: an interrupt closes that, and it has no errno.
 *
 * <p><b>A device that was cut short</b> is noticed by a read that finds its end, or by {@link
 * #presentSizeBytes()}. From then on nothing behind the end is read or written until it has its
 * size again: a write there would make a regular file grow, with zeros between that nobody wrote.
 *
 * <p>Thread-safe. {@link #close()} must come after the last transfer.
 */
public final class PosixBlockDevice implements BlockDevice {
  // linux/falloc.h
  private static final int FALLOC_FL_KEEP_SIZE = 0x01;
  private static final int FALLOC_FL_PUNCH_HOLE = 0x02;
  private static final int FALLOC_FL_ZERO_RANGE = 0x10;

  // As falloc.h has no name for plain reservation: mode 0, but the size stays.
  private static final int RESERVE = FALLOC_FL_KEEP_SIZE;

  // unistd.h
  private static final int SEEK_DATA = 3;

  /** One write of zeros, where the device cannot zero by itself. */
  private static final int ZERO_CHUNK_BYTES = 1 << 20;

  private final LibC libc;
  private final String name;
  private final int fd;
  private final DeviceFacts facts;
  private final RangeLocks locks;
  private final MediumAccess medium;
  private final long sectorMask;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean flushFailed;

  /** Where the device was last seen to end; its size unless it was cut short. */
  private volatile long endBytes;

  private PosixBlockDevice(LibC libc, String name, IoMode mode, DeviceOpener.Opened opened) {
    this.libc = libc;
    this.name = name;
    this.fd = opened.fd();
    this.facts = opened.facts();
    this.locks = opened.locks();
    this.medium = MediumAccess.open(libc, opened.fd(), mode);
    this.sectorMask = facts.sectorSizeBytes() - 1L;
    this.endBytes = facts.sizeBytes();
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
    return open(LibC.INSTANCE, path, mode, access);
  }

  /** The same with every system call going through {@code libc}. */
  static PosixBlockDevice open(LibC libc, String path, IoMode mode, Access access)
      throws DeviceOpenException {
    return new PosixBlockDevice(libc, path, mode, DeviceOpener.open(libc, path, mode, access));
  }

  /** What the kernel tells of this device. */
  public DeviceFacts facts() {
    return facts;
  }

  @Override
  public int descriptorFor(long byteOffset, long lengthBytes) {
    return byteOffset > endBytes - lengthBytes || closed.get() ? -1 : fd;
  }

  @Override
  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    check(byteOffset, buffer, at, lengthBytes);
    readThrough(fd, byteOffset, buffer, at, lengthBytes);
  }

  @Override
  public void readMedium(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    check(byteOffset, buffer, at, lengthBytes);
    int direct = medium.descriptor();
    if (direct >= 0) {
      try {
        readThrough(direct, byteOffset, buffer, at, lengthBytes);
        return;
      } catch (TransportErrorException e) {
        if (direct == fd || e.errno() != Errno.EINVAL) {
          throw e;
        }
        medium.refuseDirect(); // what suits the buffered descriptor is not aligned enough for it
      }
    }
    medium.dropCached(byteOffset, lengthBytes);
    readThrough(fd, byteOffset, buffer, at, lengthBytes);
  }

  @Override
  public String mediumAccess() {
    return medium.describe();
  }

  private void readThrough(int from, long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    int done = 0;
    while (done < lengthBytes) {
      long n =
          libc.pread(from, buffer.address() + at + done, lengthBytes - done, byteOffset + done);
      if (n >= 0) {
        int whole = wholeSectors(done + n);
        if (whole == done) {
          throw endsAt(byteOffset + done, lengthBytes - done);
        }
        done = whole;
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
      long n = libc.pwrite(fd, buffer.address() + at + done, lengthBytes - done, byteOffset + done);
      if (n >= 0) {
        int whole = wholeSectors(done + n);
        if (whole == done) {
          // Less than a sector is no error for the kernel and no progress for us.
          throw new TransportErrorException(
              name + " took " + n + " bytes of a write at " + (byteOffset + done),
              Errno.EIO,
              byteOffset + done,
              lengthBytes - done);
        }
        done = whole;
      } else {
        int errno = Errno.last();
        if (errno != Errno.EINTR) {
          throw DeviceErrors.of(name, "write", errno, byteOffset + done, lengthBytes - done);
        }
      }
    }
  }

  /** Direct I/O goes on at a sector only: one that was transferred in part is done again. */
  private int wholeSectors(long doneBytes) {
    return (int) (doneBytes & ~sectorMask);
  }

  @Override
  public void flush() throws BlockDeviceException {
    if (flushFailed) {
      throw new MediumErrorException(
          "an earlier flush of " + name + " failed; mount anew", Errno.EIO, -1, 0);
    }
    // EINTR tells of no failure: the kernel was stopped before it had an answer, and is asked anew.
    while (libc.fdatasync(fd) != 0) {
      int errno = Errno.last();
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
    while (libc.fallocate(fd, mode, byteOffset, lengthBytes) != 0) {
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

  @Override
  public void reserve(long byteOffset, long lengthBytes) throws BlockDeviceException {
    checkRange(byteOffset, lengthBytes);
    if (facts.isBlockDevice()) {
      return;
    }
    while (libc.fallocate(fd, RESERVE, byteOffset, lengthBytes) != 0) {
      int errno = Errno.last();
      if (errno == Errno.EOPNOTSUPP || errno == Errno.ENOSYS || errno == Errno.EINVAL) {
        return;
      }
      if (errno != Errno.EINTR) {
        throw DeviceErrors.of(name, "reserve", errno, byteOffset, lengthBytes);
      }
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
  public long dataFrom(long byteOffset) {
    // The descriptor's own position moves; nothing here goes by it.
    long data = libc.lseek(fd, byteOffset, SEEK_DATA);
    if (data >= 0) {
      return Math.min(data, facts.sizeBytes());
    }
    return Errno.last() == Errno.ENXIO ? facts.sizeBytes() : byteOffset;
  }

  @Override
  public long sizeBytes() {
    return facts.sizeBytes();
  }

  @Override
  public long presentSizeBytes() {
    long present = PresentSize.of(libc, fd, facts);
    endBytes = Math.min(present, facts.sizeBytes());
    return present;
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
  public String identity() {
    return facts.identity();
  }

  @Override
  public long contentsStamp() {
    // Not of a file that others have under another identity tomorrow, nor through a loop device.
    if (facts.isBlockDevice() || facts.identity().isEmpty()) {
      return 0;
    }
    // fdatasync leaves the time of the last change behind, and a power cut would bring an older.
    return libc.fsync(fd) == 0 ? FileIdentity.modifiedNanos(libc, fd) : 0;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      locks.close();
      medium.close();
      libc.close(fd);
    }
  }

  private void check(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws TransportErrorException {
    checkRange(byteOffset, lengthBytes);
    if (at < 0 || at + lengthBytes > buffer.capacityBytes()) {
      throw new IllegalArgumentException(
          "bytes " + at + " to " + ((long) at + lengthBytes) + " are outside the buffer");
    }
  }

  private void checkRange(long byteOffset, long lengthBytes) throws TransportErrorException {
    if (byteOffset < 0
        || lengthBytes <= 0
        || byteOffset > facts.sizeBytes() - lengthBytes
        || ((byteOffset | lengthBytes) & sectorMask) != 0) {
      throw new IllegalArgumentException(
          lengthBytes + " bytes at " + byteOffset + " are no range of sectors of " + name);
    }
    if (byteOffset > endBytes - lengthBytes) {
      throw cutShort(byteOffset, lengthBytes);
    }
  }

  /** A read found the end where none should be. */
  private TransportErrorException endsAt(long byteOffset, long lengthBytes) {
    presentSizeBytes();
    return endBytes < facts.sizeBytes()
        ? cutShort(byteOffset, lengthBytes)
        : new TransportErrorException(
            name + " gave no bytes at " + byteOffset, Errno.EIO, byteOffset, lengthBytes);
  }

  private TransportErrorException cutShort(long byteOffset, long lengthBytes) {
    return new TransportErrorException(
        DeviceErrors.cutShort(name, endBytes, facts.sizeBytes()),
        Errno.EIO,
        byteOffset,
        lengthBytes);
  }
}
