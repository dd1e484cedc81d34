package io.remapfs.mount.control;

/** What was written to the control file is not a command. The message is one sentence. */
final class ControlSyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  ControlSyntaxException(String message) {
    super(message);
  }
}
