package io.remapfs.mount.ring;

/** The kernel has no io_uring for us; the message says why. */
public final class RingUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  RingUnavailableException(String message) {
    super(message);
  }
}
