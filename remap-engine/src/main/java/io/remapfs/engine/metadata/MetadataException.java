package io.remapfs.engine.metadata;

import java.io.IOException;

/** The metadata cannot be opened; the message says what is wrong and what to do about it. */
public abstract sealed class MetadataException extends IOException
    permits CorruptMetadataException,
        TooOldFormatException,
        TooNewFormatException,
        WrongSetException,
        MissingSpareException,
        NotFormattedException {
  private static final long serialVersionUID = 1L;

  private final RecoveryCase recoveryCase;

  MetadataException(RecoveryCase recoveryCase, String message) {
    super(message);
    this.recoveryCase = recoveryCase;
  }

  /** The row of the recovery table that refused. */
  public RecoveryCase recoveryCase() {
    return recoveryCase;
  }
}
