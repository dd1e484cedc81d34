package io.remapfs.mount.session;

/**
 * What a mount is given.
 *
 * @param allowOther lets other users in (the kernel then goes by the files' modes)
 * @param workers threads that answer requests, 1 to {@value #MAX_WORKERS}; a worker sleeps while
 *     the backing works, so this is also the depth that the backing sees
 * @param readOnly mounts read-only
 * @param fsName the source in {@code /proc/mounts}, such as {@code remapfs#/dev/sdb}
 * @param cache serves the image through the kernel's page cache instead of with direct I/O
 */
public record SessionOptions(
    boolean allowOther, int workers, boolean readOnly, String fsName, boolean cache) {
  /** As many as keep a disk's queue of 32 filled while half of them are on the CPU. */
  public static final int DEFAULT_WORKERS = 16;

  /** Each worker has a buffer of 1 MiB. */
  public static final int MAX_WORKERS = 256;

  public SessionOptions {
    if (workers < 1 || workers > MAX_WORKERS) {
      throw new IllegalArgumentException("workers must be 1 to " + MAX_WORKERS + ": " + workers);
    }
  }

  /** Read-write, direct I/O, {@value #DEFAULT_WORKERS} workers, this user only. */
  public static SessionOptions defaults(String fsName) {
    return new SessionOptions(false, DEFAULT_WORKERS, false, fsName, false);
  }
}
