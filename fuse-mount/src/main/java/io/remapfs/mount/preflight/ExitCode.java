package io.remapfs.mount.preflight;

/** How the program ends; documented in every command's {@code --help}. */
public enum ExitCode {
  /** Done. */
  OK(0),
  /** An I/O error, or something unexpected, while running. */
  FAILED(1),
  /** A bad argument or an unusable input; nothing was changed. */
  USAGE(2),
  /** The system or the state of things refuses; nothing was changed. */
  REFUSED(3),
  /** The disk is not well: exhausted, suspended or in emergency; for {@code check}, damaged. */
  UNHEALTHY(4);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  /** The process's exit status. */
  public int number() {
    return number;
  }
}
