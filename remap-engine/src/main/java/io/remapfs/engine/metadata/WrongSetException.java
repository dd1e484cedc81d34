package io.remapfs.engine.metadata;

/** The spare belongs to another backing, or is no part of its set. */
public final class WrongSetException extends MetadataException {
  private static final long serialVersionUID = 1L;

  WrongSetException(String message) {
    super(RecoveryCase.WRONG_SET, message);
  }

  WrongSetException(RecoveryCase recoveryCase, String message) {
    super(recoveryCase, message);
  }
}
