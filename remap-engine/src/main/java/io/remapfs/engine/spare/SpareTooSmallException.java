package io.remapfs.engine.spare;

/** The spare cannot hold its metadata and a useful number of slots. */
public final class SpareTooSmallException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final long requiredBytes;

  SpareTooSmallException(long sizeBytes, long requiredBytes) {
    super(
        "the spare has "
            + sizeBytes
            + " bytes but needs at least "
            + requiredBytes
            + "; give it a larger file or device");
    this.requiredBytes = requiredBytes;
  }

  /** The least size in bytes that would do, for this block size. */
  public long requiredBytes() {
    return requiredBytes;
  }
}
