package io.remapfs.engine.device;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Asks the kernel how large a device is now: it may have been cut short, or be gone, since it was
 * opened. Off the fast path: asked when something failed, and once in a while.
 */
final class PresentSize {
  private static final int SEEK_END = 2;

  // linux/loop.h: struct loop_info64 begins with the file's device, inode, (rdevice), offset.
  private static final long LOOP_GET_STATUS64 = 0x4C05;
  private static final int LOOP_INFO_BYTES = 232;
  private static final int LO_INODE_AT = 8;
  private static final int LO_OFFSET_AT = 24;

  private PresentSize() {}

  /**
   * The size in bytes; that at open where it cannot be told.
   *
   * <p>The descriptor's own position is moved; every transfer of ours brings its position along.
   */
  static long of(LibC libc, int fd, DeviceFacts facts) {
    long end = libc.lseek(fd, 0, SEEK_END);
    if (end < 0) {
      return facts.sizeBytes();
    }
    return facts.isBlockDevice() ? Math.min(end, behindLoop(libc, fd)) : end;
  }

  /**
   * How many bytes the file of a loop device still holds. The device keeps its size when the file
   * is cut short, and says EIO behind its end, as a bad block would.
   */
  private static long behindLoop(LibC libc, int fd) {
    try {
      long rdev = (long) Files.getAttribute(Path.of("/proc/self/fd/" + fd), "unix:rdev");
      Path name = BlockDeviceSysfs.directory(rdev).resolve("loop/backing_file");
      if (!Files.isReadable(name)) {
        return Long.MAX_VALUE; // no loop device, or a partition of one
      }
      IoBuffer info = IoBuffer.allocate(LOOP_INFO_BYTES);
      if (libc.ioctl(fd, LOOP_GET_STATUS64, info.address()) != 0) {
        return Long.MAX_VALUE;
      }
      info.bytes().order(ByteOrder.nativeOrder());
      Path file = Path.of(Files.readString(name).strip());
      boolean same =
          (long) Files.getAttribute(file, "unix:ino") == info.bytes().getLong(LO_INODE_AT)
              && (long) Files.getAttribute(file, "unix:dev") == info.bytes().getLong(0);
      return same ? Files.size(file) - info.bytes().getLong(LO_OFFSET_AT) : Long.MAX_VALUE;
    } catch (IOException | RuntimeException e) {
      return Long.MAX_VALUE; // renamed, deleted, or out of our sight: nothing can be told
    }
  }
}
