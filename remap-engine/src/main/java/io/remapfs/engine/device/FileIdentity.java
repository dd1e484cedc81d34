package io.remapfs.engine.device;

import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Set;

/**
 * What tells a regular file from a copy of it: the number of its inode and the moment in which that
 * was made. Both stay when the file is written or renamed, and when its disk gets another device
 * number; a copy, and a file restored from a backup, has others.
 *
 * <p>Only of file systems that keep both on the disk. Elsewhere (FAT, FUSE, network) a number may
 * be another one tomorrow, and the identity is "", unknown.
 */
final class FileIdentity {
  // linux/stat.h, fcntl.h
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_MTIME = 0x40;
  private static final int STATX_INO = 0x100;
  private static final int STATX_BTIME = 0x800;
  private static final int STATX_BYTES = 256;
  private static final int MASK_AT = 0;
  private static final int INODE_AT = 32;
  private static final int BORN_AT = 80;
  private static final int MODIFIED_AT = 112;

  private static final int STATFS_BYTES = 256;

  /** linux/magic.h and its like: ext2 to 4, XFS, btrfs, F2FS, JFS, ZFS, bcachefs, tmpfs. */
  private static final Set<Integer> KEEP_INODES =
      Set.of(
          0xEF53,
          0x58465342,
          0x9123683E,
          0xF2F52010,
          0x3153464A,
          0x2FC12FC1,
          0xCA451A4E,
          0x01021994);

  private FileIdentity() {}

  /** "inode 1234 born 1732384756.123456789"; "" where that says nothing. */
  static String of(LibC libc, int fd) {
    IoBuffer fs = IoBuffer.allocate(STATFS_BYTES);
    if (libc.fstatfs(fd, fs.address()) != 0
        || !KEEP_INODES.contains((int) nativeOrder(fs).getLong(0))) {
      return "";
    }
    ByteBuffer facts = statx(libc, fd, STATX_INO | STATX_BTIME);
    if ((facts.getInt(MASK_AT) & (STATX_INO | STATX_BTIME)) != (STATX_INO | STATX_BTIME)) {
      return "";
    }
    return String.format(
        "inode %d born %d.%09d",
        facts.getLong(INODE_AT), facts.getLong(BORN_AT), facts.getInt(BORN_AT + Long.BYTES));
  }

  /** The same by its name, for a file that is not kept open. */
  static String of(LibC libc, Path file) {
    int fd = libc.open(file.toString(), Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    if (fd < 0) {
      return "";
    }
    try {
      return of(libc, fd);
    } finally {
      libc.close(fd);
    }
  }

  /** When the contents were last changed, in nanoseconds since 1970; 0 where unknown. */
  static long modifiedNanos(LibC libc, int fd) {
    ByteBuffer facts = statx(libc, fd, STATX_MTIME);
    return (facts.getInt(MASK_AT) & STATX_MTIME) == 0
        ? 0
        : facts.getLong(MODIFIED_AT) * 1_000_000_000L + facts.getInt(MODIFIED_AT + Long.BYTES);
  }

  /** All zeros, an empty mask among them, where the kernel does not say. */
  private static ByteBuffer statx(LibC libc, int fd, int mask) {
    IoBuffer facts = IoBuffer.allocate(STATX_BYTES);
    return libc.statx(fd, "", AT_EMPTY_PATH, mask, facts.address()) == 0
        ? nativeOrder(facts)
        : nativeOrder(IoBuffer.allocate(STATX_BYTES));
  }

  private static ByteBuffer nativeOrder(IoBuffer buffer) {
    return buffer.bytes().duplicate().order(ByteOrder.nativeOrder());
  }
}
