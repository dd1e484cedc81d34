package io.remapfs.mount.session;

/** This kind of session does not work here, while another may. */
final class SessionUnavailableException extends MountException {
  private static final long serialVersionUID = 1L;

  SessionUnavailableException(String message) {
    super(message);
  }
}
