package io.remapfs.engine.metadata;

/** The metadata was written by a newer version than this one. */
public final class TooNewFormatException extends MetadataException {
  private static final long serialVersionUID = 1L;

  TooNewFormatException(String message) {
    super(RecoveryCase.TOO_NEW, message);
  }
}
