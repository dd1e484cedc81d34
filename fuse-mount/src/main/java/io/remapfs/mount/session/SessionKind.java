package io.remapfs.mount.session;

import java.util.Locale;

/** How the kernel's requests are taken; the values of {@code --session}. */
public enum SessionKind {
  /**
   * {@link #URING} where the kernel offers it; else {@link #RING}, unless the disk is read through
   * the page cache; else {@link #THREADS} where it works, else {@link #LIBFUSE} with a message.
   */
  AUTO(0),
  /** Our own worker threads on cloned descriptors of {@code /dev/fuse}. */
  THREADS(16),
  /** Event loops with the backing's I/O in an io_uring; {@link #THREADS} where there is none. */
  RING(1),
  /**
   * A ring for each CPU, for the kernel's requests and the backing's I/O both; {@link #THREADS}
   * where there is none.
   */
  URING(0),
  /** libfuse's own loop: slower, and asks for nothing but libfuse. */
  LIBFUSE(0);

  private final int defaultWorkers;

  SessionKind(int defaultWorkers) {
    this.defaultWorkers = defaultWorkers;
  }

  /**
   * Threads that take requests unless told otherwise. A worker of {@link #THREADS} sleeps while the
   * backing works: as many as keep a disk's queue of 32 filled while half of them are on the CPU.
   */
  public int defaultWorkers() {
    return defaultWorkers;
  }

  /** The name on the command line and in status: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return label();
  }
}
