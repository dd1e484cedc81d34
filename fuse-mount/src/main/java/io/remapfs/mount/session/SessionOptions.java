package io.remapfs.mount.session;

/**
 * What a mount is given.
 *
 * @param allowOther lets other users in (the kernel then goes by the files' modes)
 * @param workers threads that take requests, 1 to {@value #MAX_WORKERS}; 0 for as many as are good
 *     for the kind of session ({@link SessionKind#defaultWorkers})
 * @param readOnly mounts read-only
 * @param fsName the source in {@code /proc/mounts}, such as {@code remapfs#/dev/sdb}
 * @param cache serves the image through the kernel's page cache instead of with direct I/O
 */
public record SessionOptions(
    boolean allowOther, int workers, boolean readOnly, String fsName, boolean cache) {
  /** Each worker has a buffer of 1 MiB. */
  public static final int MAX_WORKERS = 256;

  public SessionOptions {
    if (workers < 0 || workers > MAX_WORKERS) {
      throw new IllegalArgumentException("workers must be 0 to " + MAX_WORKERS + ": " + workers);
    }
  }

  /** Read-write, direct I/O, as many workers as are good, this user only. */
  public static SessionOptions defaults(String fsName) {
    return new SessionOptions(false, 0, false, fsName, false);
  }
}
