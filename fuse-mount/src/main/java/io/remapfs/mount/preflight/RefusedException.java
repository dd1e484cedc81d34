package io.remapfs.mount.preflight;

import io.remapfs.engine.device.DeviceOpenException;

/**
 * A request that is not carried out. The message is one sentence for the user: what is wrong, and
 * what to do about it.
 */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;

  public RefusedException(ExitCode exitCode, String sentence) {
    super(sentence);
    this.exitCode = exitCode;
  }

  public RefusedException(ExitCode exitCode, String sentence, Throwable cause) {
    super(sentence, cause);
    this.exitCode = exitCode;
  }

  /** A bad argument or unusable input. */
  public static RefusedException usage(String sentence) {
    return new RefusedException(ExitCode.USAGE, sentence);
  }

  /** The system or the state of things refuses. */
  public static RefusedException refused(String sentence) {
    return new RefusedException(ExitCode.REFUSED, sentence);
  }

  /** A device that cannot be opened: a bad input, or one that is refused for now. */
  public static RefusedException of(DeviceOpenException e) {
    ExitCode code =
        switch (e.reason()) {
          case MISSING, NOT_A_DISK, EMPTY, NO_DIRECT_IO -> ExitCode.USAGE;
          case NO_RIGHTS, READ_ONLY, IN_USE, FAILED -> ExitCode.REFUSED;
        };
    return new RefusedException(code, String.valueOf(e.getMessage()), e);
  }

  public ExitCode exitCode() {
    return exitCode;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
