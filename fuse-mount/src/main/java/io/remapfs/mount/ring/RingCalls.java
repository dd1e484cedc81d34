package io.remapfs.mount.ring;

/**
 * The calls of the C library that a ring needs and that have six arguments. A failed one returns -1
 * and leaves its errno in {@link #errno()}, to be asked at once on the same thread.
 *
 * <p>Not bound through jnr-ffi: on x86-64 the code that it generates for six arguments hands the
 * last one on wrong (2.2.17; {@code mmap} with offset 0 says EINVAL). Not more than six either: for
 * seven, an object is made for each call. An interface, so that tests can stand in for a kernel.
 */
interface RingCalls {
  /** The C library's. */
  RingCalls NATIVE = new NativeRingCalls();

  /** A system call by its number. */
  long syscall(long number, long a1, long a2, long a3, long a4, long a5);

  /** See {@code mmap(2)}: the address, or -1. */
  long mmap(long address, long lengthBytes, long protection, long flags, long fd, long offset);

  /** What the calling thread's last call left when it failed. */
  int errno();
}
