package io.remapfs.engine.metadata;

/** There is no trace of metadata on the spare. */
public final class NotFormattedException extends MetadataException {
  private static final long serialVersionUID = 1L;

  NotFormattedException(String message) {
    super(RecoveryCase.NOT_FORMATTED, message);
  }
}
