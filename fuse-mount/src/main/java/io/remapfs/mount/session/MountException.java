package io.remapfs.mount.session;

/** The mount could not be made; the message is a sentence that says why and what to do. */
public class MountException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MountException(String message) {
    super(message);
  }

  public MountException(String message, Throwable cause) {
    super(message, cause);
  }
}
