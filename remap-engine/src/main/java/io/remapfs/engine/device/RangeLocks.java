package io.remapfs.engine.device;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Locks on every layer that a device lies on, each on just the bytes that are its own.
 *
 * <p>{@code flock} knows a file by its inode, and an exclusive open knows a disk; neither knows
 * that a loop device and the file under it are the same bytes, or that two partitions are not. So
 * each {@link StorageExtent} is locked with an open-file-description lock ({@code fcntl(2)},
 * F_OFD_SETLK): exclusively where the device is written, shared where it is only read. The kernel
 * drops them when the process ends, however it ends; a dead holder holds nothing.
 *
 * <p>A layer that cannot be opened or locked here is left out. Not thread-safe.
 */
final class RangeLocks implements AutoCloseable {
  // asm-generic/fcntl.h
  private static final int F_OFD_SETLK = 37;
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final int STRUCT_FLOCK_BYTES = 32;

  private final LibC libc;
  private final List<Integer> descriptors = new ArrayList<>();

  private RangeLocks(LibC libc) {
    this.libc = libc;
  }

  /** The locks, or the layer that somebody else has. */
  record Outcome(Optional<RangeLocks> locks, Optional<StorageExtent> taken) {}

  /**
   * Takes all of them, or none.
   *
   * @param fd open on the topmost layer. That is locked through it if it is a file: NFS makes of a
   *     {@code flock} a lock of the same kind, which would be in the way of another descriptor's
   */
  static Outcome take(LibC libc, StorageLayers layers, int fd, Access access) {
    RangeLocks locks = new RangeLocks(libc);
    for (StorageExtent extent : layers.extents()) {
      boolean top = layers.extents().size() == 1 && !extent.isDisk();
      if (top ? locks.isTaken(fd, extent, access) : !locks.add(extent, access)) {
        locks.close();
        return new Outcome(Optional.empty(), Optional.of(extent));
      }
    }
    return new Outcome(Optional.of(locks), Optional.empty());
  }

  /** False if somebody has it. */
  private boolean add(StorageExtent extent, Access access) {
    if (!isStillThere(extent)) {
      return true;
    }
    int mode = access == Access.READ_WRITE ? Posix.O_RDWR : Posix.O_RDONLY;
    int fd;
    do {
      fd = libc.open(extent.node().toString(), mode | Posix.O_CLOEXEC, 0);
    } while (fd < 0 && Errno.last() == Errno.EINTR);
    if (fd < 0) {
      return true;
    }
    if (isTaken(fd, extent, access)) {
      libc.close(fd);
      return false;
    }
    descriptors.add(fd);
    return true;
  }

  /** The name of a loop device's file may by now be another file's. */
  static boolean isStillThere(StorageExtent extent) {
    return Files.exists(extent.node())
        && StorageLayers.of(extent.node()).extents().stream()
            .anyMatch(now -> now.object().equals(extent.object()));
  }

  /** Locks; or true, if somebody else has it. */
  private boolean isTaken(int fd, StorageExtent extent, Access access) {
    IoBuffer in = IoBuffer.allocate(STRUCT_FLOCK_BYTES);
    ByteBuffer lock = in.bytes().duplicate().order(ByteOrder.nativeOrder());
    lock.putShort(0, access == Access.READ_WRITE ? F_WRLCK : F_RDLCK);
    lock.putLong(8, extent.from());
    // A length of 0 is "to the end, wherever that will be".
    lock.putLong(16, extent.to() == StorageExtent.END ? 0 : extent.to() - extent.from());
    if (libc.fcntl(fd, F_OFD_SETLK, in.address()) == 0) {
      return false;
    }
    // Others (ENOLCK, EINVAL, EOPNOTSUPP) say that this file system has no such locks.
    int errno = Errno.last();
    return errno == Errno.EAGAIN || errno == Errno.EACCES;
  }

  @Override
  public void close() {
    descriptors.forEach(libc::close);
    descriptors.clear();
  }
}
