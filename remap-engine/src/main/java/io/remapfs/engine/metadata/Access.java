package io.remapfs.engine.metadata;

/** What opening the metadata may do to the spare. */
public enum Access {
  /** Recover, repair damaged copies, and commit. */
  READ_WRITE,
  /** Recover in memory; not one byte is written. */
  READ_ONLY
}
