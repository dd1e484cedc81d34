package io.remapfs.mount.session;

/** The mount is still there; the message is a sentence that says why and what to do. */
public final class UnmountException extends Exception {
  private static final long serialVersionUID = 1L;

  public UnmountException(String message) {
    super(message);
  }
}
