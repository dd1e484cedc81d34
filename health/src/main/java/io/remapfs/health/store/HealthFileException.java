package io.remapfs.health.store;

import java.io.IOException;

/** A file is not usable as the health file of a disk; the message is one sentence for the user. */
public final class HealthFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** It cannot be opened, made or read. */
    UNREACHABLE,
    /** Nothing in it says that it is a health file. */
    FOREIGN,
    /** It is that of another set. */
    OTHER_SET,
    /** A later version wrote it. */
    TOO_NEW,
    /** It was one. */
    DAMAGED
  }

  private final Reason reason;

  HealthFileException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
