package io.remapfs.mount.session;

import java.util.Locale;

/** How the kernel's requests are taken; the values of {@code --session}. */
public enum SessionKind {
  /** {@link #THREADS} where it works, else {@link #LIBFUSE} with a message. */
  AUTO,
  /** Our own worker threads on cloned descriptors of {@code /dev/fuse}. */
  THREADS,
  /** libfuse's own loop: slower, and asks for nothing but libfuse. */
  LIBFUSE;

  /** The name on the command line and in status: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return label();
  }
}
