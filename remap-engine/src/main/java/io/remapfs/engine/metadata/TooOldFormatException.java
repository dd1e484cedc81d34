package io.remapfs.engine.metadata;

/** The metadata was written by a version that is no longer supported. */
public final class TooOldFormatException extends MetadataException {
  private static final long serialVersionUID = 1L;

  TooOldFormatException(String message) {
    super(RecoveryCase.TOO_OLD, message);
  }
}
