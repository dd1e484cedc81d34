package io.remapfs.engine.posix;

import jnr.posix.FileStat;
import jnr.posix.Group;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import jnr.posix.Passwd;
import org.jspecify.annotations.Nullable;

/** The calls that jnr-posix has, behind names without its objects. Thread-safe. */
public final class Posix {
  // asm-generic/fcntl.h, as on x86-64 and arm64 but for O_DIRECT and O_NOFOLLOW.
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_APPEND = 0x400;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;
  public static final int O_NOFOLLOW =
      System.getProperty("os.arch", "").equals("aarch64") ? 0x8000 : 0x20000;
  public static final int O_DIRECT =
      System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;

  private static final POSIX NATIVE = POSIXFactory.getNativePOSIX();

  private Posix() {}

  /** {@code open(2)}: a descriptor, or -1 with {@link #errno()} set. */
  public static int open(String path, int flags) {
    return LibC.INSTANCE.open(path, flags, 0);
  }

  /** {@code open(2)} of a file that is made, where missing, with {@code mode}. */
  public static int open(String path, int flags, int mode) {
    return NATIVE.open(path, flags, mode);
  }

  /** {@code fstat(2)}. */
  public static FileStat fstat(int fd) {
    return NATIVE.fstat(fd);
  }

  /** {@code fchmod(2)}. */
  public static int fchmod(int fd, int mode) {
    return NATIVE.fchmod(fd, mode);
  }

  /** {@code ftruncate(2)}. */
  public static int ftruncate(int fd, long lengthBytes) {
    return NATIVE.ftruncate(fd, lengthBytes);
  }

  /** {@code write(2)} of the first {@code count} bytes. */
  public static long write(int fd, byte[] bytes, long count) {
    return NATIVE.write(fd, bytes, count);
  }

  /** {@code pread(2)}. */
  public static long pread(int fd, byte[] bytes, long count, long offset) {
    return NATIVE.pread(fd, bytes, count, offset);
  }

  /** {@code close(2)}. */
  public static int close(int fd) {
    return LibC.INSTANCE.close(fd);
  }

  /** {@code dup2(2)}. */
  public static int dup2(int from, int to) {
    return NATIVE.dup2(from, to);
  }

  /** The effective user id. */
  public static int effectiveUid() {
    return NATIVE.geteuid();
  }

  /** The effective group id. */
  public static int effectiveGid() {
    return NATIVE.getegid();
  }

  /** {@code getpwnam(3)}: null where there is no such user. */
  public static @Nullable Account account(String name) {
    return account(NATIVE.getpwnam(name));
  }

  /** {@code getpwuid(3)}: null where no user has this id. */
  public static @Nullable Account account(long uid) {
    return account(NATIVE.getpwuid((int) uid));
  }

  private static @Nullable Account account(@Nullable Passwd entry) {
    return entry == null
        ? null
        : new Account(entry.getLoginName(), unsigned(entry.getUID()), unsigned(entry.getGID()));
  }

  private static long unsigned(long id) {
    return id & 0xFFFFFFFFL;
  }

  /** {@code getgrnam(3)}: the group's id, or -1 where there is no such group. */
  public static long groupId(String name) {
    @Nullable Group group = NATIVE.getgrnam(name);
    return group == null ? -1 : unsigned(group.getGID());
  }

  /** The errno that the last failed call of this class left on this thread. */
  public static int errno() {
    return NATIVE.errno();
  }
}
