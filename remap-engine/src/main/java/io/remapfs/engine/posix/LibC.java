package io.remapfs.engine.posix;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.IgnoreError;

/**
 * The C library calls that jnr-posix lacks, or offers only with an object per call.
 *
 * <p>Memory is passed as plain {@code long} addresses, so that the I/O path allocates nothing. A
 * failed call returns -1 (or NULL) and leaves errno in {@link Errno#last()}, which must be read at
 * once on the same thread. Method names are the C names. An interface, so that tests can stand
 * between a device and the kernel.
 */
public interface LibC {
  /** The one instance; thread-safe. */
  LibC INSTANCE = LibraryLoader.create(LibC.class).failImmediately().load("c");

  int open(String path, int flags, int mode);

  int close(int fd);

  long pread(int fd, long address, long count, long offset);

  long pwrite(int fd, long address, long count, long offset);

  long read(int fd, long address, long count);

  long write(int fd, long address, long count);

  /** {@code iov} is the address of an array of {@code struct iovec}. */
  long writev(int fd, long iov, int count);

  int fdatasync(int fd);

  int fsync(int fd);

  /** {@code address} is that of a {@code struct statx}. */
  int statx(int directoryFd, String path, int flags, int mask, long address);

  /** {@code address} is that of a {@code struct statfs}. */
  int fstatfs(int fd, long address);

  /** With {@code whence} 2, the present size of a file or block device. */
  long lseek(int fd, long offset, int whence);

  /** Punches holes, zeroes or reserves; see {@code fallocate(2)}. */
  int fallocate(int fd, int mode, long offset, long length);

  /** {@code argument} is a value or an address, as the request asks. */
  int ioctl(int fd, long request, long argument);

  /** Returns the errno itself; see {@code posix_fadvise(2)}. */
  int posix_fadvise(int fd, long offset, long length, int advice);

  /** See {@code flock(2)}. */
  int flock(int fd, int operation);

  /** For the commands whose argument is an address; see {@code fcntl(2)}. */
  int fcntl(int fd, int command, long argument);

  int mlockall(int flags);

  int munlockall();

  /** {@code newLimit} and {@code oldLimit} are addresses of {@code struct rlimit}, or 0. */
  int prlimit(int pid, int resource, long newLimit, long oldLimit);

  /** {@code list} is the address of {@code count} group ids. Of all threads, as the next two. */
  int setgroups(long count, long list);

  int setresgid(int real, int effective, int saved);

  int setresuid(int real, int effective, int saved);

  int prctl(int option, long a2, long a3, long a4, long a5);

  /** A negative {@code pid} means the process group of that number. */
  int kill(int pid, int signal);

  int umount2(String target, int flags);

  /** A system call without a name in the C library, by its number on this architecture. */
  long syscall(long number, long a1, long a2, long a3);

  /** Ends what {@code mmap(2)} began. */
  int munmap(long address, long length);

  /** See {@code madvise(2)}. */
  int madvise(long address, long length, int advice);

  /** A descriptor that counts; see {@code eventfd(2)}. */
  int eventfd(int initial, int flags);

  /** {@code mask} is the address of {@code maskBytes}, a bit for each CPU; {@code pid} 0 is us. */
  int sched_setaffinity(int pid, long maskBytes, long mask);

  /** The other way round. */
  int sched_getaffinity(int pid, long maskBytes, long mask);

  @IgnoreError
  int sched_yield();
}
