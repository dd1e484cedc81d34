package io.remapfs.engine.device;

import io.remapfs.engine.device.DeviceOpenException.Reason;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Opens, measures and locks a device; every way that can fail gets its own sentence. Changes
 * nothing on the device.
 */
final class DeviceOpener {
  // linux/fs.h
  private static final long BLKSSZGET = 0x1268;
  private static final long BLKGETSIZE64 = 0x80081272L;

  // sys/file.h
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;

  private static final int S_IFMT = 0xF000;
  private static final int S_IFBLK = 0x6000;
  private static final int S_IFREG = 0x8000;
  private static final int S_IFDIR = 0x4000;

  /** More than any drive has; a superblock has room for it. */
  private static final int MAX_SERIAL = 200;

  // How often, and how long apart, a lock that somebody has is asked for again.
  private static final int LOCK_ATTEMPTS = 20;
  private static final long LOCK_PAUSE_NANOS = 25_000_000;

  record Opened(int fd, DeviceFacts facts, RangeLocks locks) {}

  private DeviceOpener() {}

  static Opened open(LibC libc, String path, IoMode mode, Access access)
      throws DeviceOpenException {
    int type = fileType(path);
    boolean isBlockDevice = type == S_IFBLK;
    int flags =
        (access == Access.READ_WRITE ? Posix.O_RDWR : Posix.O_RDONLY)
            | Posix.O_CLOEXEC
            | (mode == IoMode.DIRECT ? Posix.O_DIRECT : 0)
            | (isBlockDevice && access == Access.READ_WRITE ? Posix.O_EXCL : 0);
    StorageLayers layers = StorageLayers.of(Path.of(path));
    int fd = libc.open(path, flags, 0);
    while (fd < 0) {
      int errno = Errno.last();
      if (errno != Errno.EINTR) {
        throw openFailure(path, mode, isBlockDevice, layers, errno);
      }
      fd = libc.open(path, flags, 0);
    }
    RangeLocks locks = null;
    boolean kept = false;
    try {
      lock(libc, path, fd, access, isBlockDevice);
      locks = lockLayers(libc, path, fd, layers, access);
      if (isBlockDevice && access == Access.READ_ONLY) {
        requireNotWrittenByKernel(path, layers);
      }
      DeviceFacts facts =
          isBlockDevice
              ? blockDeviceFacts(libc, path, fd, mode, layers)
              : fileFacts(libc, path, fd, mode);
      if (facts.sizeBytes() == 0) {
        throw new DeviceOpenException(
            Reason.EMPTY, path + " is empty; name a disk or a disk image with contents");
      }
      kept = true;
      return new Opened(fd, facts, locks);
    } finally {
      if (!kept) {
        if (locks != null) {
          locks.close();
        }
        libc.close(fd);
      }
    }
  }

  private static int fileType(String path) throws DeviceOpenException {
    int type;
    try {
      type = (int) Files.getAttribute(Path.of(path), "unix:mode") & S_IFMT;
    } catch (NoSuchFileException e) {
      throw new DeviceOpenException(Reason.MISSING, path + " does not exist; check the path");
    } catch (IOException e) {
      throw new DeviceOpenException(
          Reason.FAILED, path + " cannot be looked at: " + e.getMessage());
    }
    if (type == S_IFDIR) {
      throw new DeviceOpenException(
          Reason.NOT_A_DISK, path + " is a directory; name a disk image file or a block device");
    }
    if (type != S_IFBLK && type != S_IFREG) {
      throw new DeviceOpenException(
          Reason.NOT_A_DISK,
          path + " is neither a regular file nor a block device; name one of these");
    }
    return type;
  }

  private static DeviceOpenException openFailure(
      String path, IoMode mode, boolean isBlockDevice, StorageLayers layers, int errno) {
    return switch (errno) {
      case Errno.EACCES, Errno.EPERM ->
          new DeviceOpenException(
              Reason.NO_RIGHTS,
              path
                  + " may not be opened by this user (permission denied); run as root or change it");
      case Errno.EBUSY -> DeviceHolders.exclusively(path, layers);
      case Errno.EROFS ->
          new DeviceOpenException(
              Reason.READ_ONLY, path + " is read-only; mount it with --read-only");
      case Errno.EINVAL ->
          mode == IoMode.DIRECT && !isBlockDevice
              ? new DeviceOpenException(
                  Reason.NO_DIRECT_IO,
                  "the file system of " + path + " refuses direct I/O; add --io=buffered")
              : new DeviceOpenException(
                  Reason.FAILED, path + " cannot be opened: " + Errno.describe(errno));
      default ->
          new DeviceOpenException(
              Reason.FAILED, path + " cannot be opened: " + Errno.describe(errno));
    };
  }

  private static void lock(LibC libc, String path, int fd, Access access, boolean isBlockDevice)
      throws DeviceOpenException {
    int operation = (access == Access.READ_WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB;
    int attempt = 1;
    while (libc.flock(fd, operation) != 0) {
      int errno = Errno.last();
      if (errno == Errno.EINTR) {
        continue;
      }
      if (errno != Errno.EAGAIN) {
        throw new DeviceOpenException(
            Reason.FAILED, path + " cannot be locked: " + Errno.describe(errno));
      }
      // udev locks a disk for the moment in which it looks at it.
      if (!isBlockDevice || attempt++ == LOCK_ATTEMPTS) {
        throw inUse(path, path, new LockHolders().of(Path.of(path)));
      }
      LockSupport.parkNanos(LOCK_PAUSE_NANOS);
    }
  }

  private static RangeLocks lockLayers(
      LibC libc, String path, int fd, StorageLayers layers, Access access)
      throws DeviceBusyException {
    RangeLocks.Outcome outcome = RangeLocks.take(libc, layers, fd, access);
    if (outcome.taken().isPresent()) {
      StorageExtent taken = outcome.taken().get();
      throw inUse(path, taken.node().toString(), new LockHolders().of(List.of(taken)));
    }
    return outcome.locks().orElseThrow();
  }

  private static DeviceBusyException inUse(String path, String layer, long holder) {
    return new DeviceBusyException(
        path
            + (layer.equals(path)
                ? " is already in use by "
                : " lies on " + layer + ", which is already in use by ")
            + new LockHolders().describe(holder)
            + "; unmount it there first",
        holder);
  }

  /** A disk that changes while it is read gives a mixture of old and new. */
  private static void requireNotWrittenByKernel(String path, StorageLayers layers)
      throws DeviceBusyException {
    Optional<String> mount = DeviceHolders.mountOver(layers, true);
    if (mount.isPresent()) {
      throw new DeviceBusyException(path + " " + mount.get(), -1);
    }
  }

  private static DeviceFacts fileFacts(LibC libc, String path, int fd, IoMode mode)
      throws DeviceOpenException {
    try {
      long sizeBytes = Files.size(Path.of(path));
      return new DeviceFacts(
          sizeBytes,
          mode == IoMode.DIRECT ? directSectorSize(path) : 1,
          false,
          FileIdentity.of(libc, fd));
    } catch (IOException e) {
      throw new DeviceOpenException(
          Reason.FAILED, "the size of " + path + " cannot be read: " + e.getMessage());
    }
  }

  /**
   * What O_DIRECT on a regular file asks for: the logical sector of the disk under its file system.
   * 512 unless sysfs names a larger one; a file system without a disk (FUSE, tmpfs) takes 512.
   */
  private static int directSectorSize(String path) {
    try {
      long dev = (long) Files.getAttribute(Path.of(path), "unix:dev");
      return BlockDeviceSysfs.logicalSectorSize(dev);
    } catch (IOException | RuntimeException e) {
      return 512;
    }
  }

  private static DeviceFacts blockDeviceFacts(
      LibC libc, String path, int fd, IoMode mode, StorageLayers layers)
      throws DeviceOpenException {
    IoBuffer out = IoBuffer.allocate(Long.BYTES);
    ByteBuffer bytes = out.bytes().duplicate().order(ByteOrder.nativeOrder());
    ask(libc, path, fd, BLKGETSIZE64, out, "the size");
    long sizeBytes = bytes.getLong(0);
    ask(libc, path, fd, BLKSSZGET, out, "the sector size");
    int sectorSizeBytes = mode == IoMode.DIRECT ? bytes.getInt(0) : 1;
    return new DeviceFacts(sizeBytes, sectorSizeBytes, true, identity(libc, path, layers));
  }

  private static void ask(
      LibC libc, String path, int fd, long request, IoBuffer answer, String what)
      throws DeviceOpenException {
    while (libc.ioctl(fd, request, answer.address()) != 0) {
      int errno = Errno.last();
      if (errno != Errno.EINTR) {
        throw new DeviceOpenException(
            Reason.FAILED, what + " of " + path + " cannot be read: " + Errno.describe(errno));
      }
    }
  }

  /**
   * A disk's own number, else that of the file under a loop device; for a part of either, with the
   * byte where that begins: two partitions of a disk share its number.
   */
  private static String identity(LibC libc, String path, StorageLayers layers) {
    String serial = serial(path);
    if (!serial.isEmpty()) {
      long from = layers.extents().isEmpty() ? 0 : layers.extents().get(0).from();
      return fromByte(serial, from);
    }
    for (StorageExtent extent : layers.extents()) {
      if (!extent.isDisk() && RangeLocks.isStillThere(extent)) {
        String file = FileIdentity.of(libc, extent.node());
        return file.isEmpty() ? "" : fromByte(file, extent.from());
      }
    }
    return "";
  }

  private static String fromByte(String identity, long from) {
    return from == 0 ? identity : identity + BlockDevice.FROM_BYTE + from;
  }

  private static String serial(String path) {
    try {
      long rdev = (long) Files.getAttribute(Path.of(path), "unix:rdev");
      String serial = BlockDeviceSysfs.serial(rdev);
      return serial.substring(0, Math.min(serial.length(), MAX_SERIAL));
    } catch (IOException | RuntimeException e) {
      return "";
    }
  }
}
