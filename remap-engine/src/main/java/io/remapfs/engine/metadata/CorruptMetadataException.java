package io.remapfs.engine.metadata;

/** Too many copies are damaged to know every acknowledged remap; nothing was written. */
public final class CorruptMetadataException extends MetadataException {
  private static final long serialVersionUID = 1L;

  CorruptMetadataException(RecoveryCase recoveryCase, String message) {
    super(recoveryCase, message);
  }
}
