package io.remapfs.engine.device;

import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a loop device is attached to, from the kernel itself: the path that sysfs shows may by now
 * name another file, or none.
 *
 * @param dev the file system's device number
 * @param inode the file's inode
 * @param rdev the device number of the file, if that is a block device itself; else 0
 */
record LoopStatus(long dev, long inode, long rdev) {
  // linux/loop.h
  private static final long LOOP_GET_STATUS64 = 0x4C05;
  private static final int LOOP_INFO64_BYTES = 232;

  /** Asks an attached loop device; empty where it may not be asked. */
  static Optional<LoopStatus> of(Path node) {
    int fd = Posix.open(node.toString(), Posix.O_RDONLY | Posix.O_CLOEXEC);
    if (fd < 0) {
      return Optional.empty();
    }
    try {
      IoBuffer out = IoBuffer.allocate(LOOP_INFO64_BYTES);
      if (LibC.INSTANCE.ioctl(fd, LOOP_GET_STATUS64, out.address()) != 0) {
        return Optional.empty();
      }
      ByteBuffer info = out.bytes().duplicate().order(ByteOrder.nativeOrder());
      return Optional.of(new LoopStatus(info.getLong(0), info.getLong(8), info.getLong(16)));
    } finally {
      Posix.close(fd);
    }
  }
}
