package io.remapfs.health.scan;

/** A scan cannot be had now. The message is one sentence that says why; nothing was changed. */
public final class ScanRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  ScanRefusedException(String message) {
    super(message);
  }
}
