package io.remapfs.engine.metadata;

import java.util.UUID;

/** A spare that the set needs is not among those that were opened. */
public final class MissingSpareException extends MetadataException {
  private static final long serialVersionUID = 1L;

  private final UUID memberUuid;
  private final String pathHint;

  MissingSpareException(UUID memberUuid, String pathHint, String message) {
    super(RecoveryCase.SPARE_MISSING, message);
    this.memberUuid = memberUuid;
    this.pathHint = pathHint;
  }

  /** The name of the missing spare, as in {@link Membership#memberUuid}. */
  public UUID memberUuid() {
    return memberUuid;
  }

  /** Where it was when it was added, or when the next one was. */
  public String pathHint() {
    return pathHint;
  }
}
