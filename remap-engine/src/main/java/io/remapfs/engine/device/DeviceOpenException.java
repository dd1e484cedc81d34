package io.remapfs.engine.device;

import java.io.IOException;

/** A backing or spare could not be opened. The message is one sentence for the user. */
public class DeviceOpenException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Why, for those who choose an exit code. */
  public enum Reason {
    MISSING,
    NOT_A_DISK,
    EMPTY,
    NO_RIGHTS,
    READ_ONLY,
    IN_USE,
    NO_DIRECT_IO,
    FAILED
  }

  private final Reason reason;

  public DeviceOpenException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
