package io.remapfs.engine.metadata;

/**
 * The cases of recovery, the whole of them: what was found, and what is done. {@code
 * RecoveryCaseTest} has one test a row.
 */
public enum RecoveryCase {
  /** Every copy agrees and the last run closed cleanly. Nothing is written. */
  CLEAN(true, "closed cleanly"),
  /** Every copy agrees, nothing to replay, no clean close. A new incarnation begins. */
  UNCLEAN(true, "not closed cleanly; nothing was lost"),
  /** The journal continues the newest checkpoint. It is replayed and checkpointed. */
  REPLAYED(true, "not closed cleanly; the journal was replayed"),
  /** The newest checkpoint is incomplete in every copy; the one before it and the journal serve. */
  CHECKPOINT_FALLBACK(true, "the newest checkpoint was incomplete; the one before it was used"),
  /** Some copies are damaged, the rest say everything. The damaged ones are rewritten. */
  COPIES_REPAIRED(true, "damaged metadata copies were repaired from good ones"),

  /** No superblock, no checkpoint: refused. */
  NOT_FORMATTED(false, "not formatted"),
  /** No superblock is valid, but there are traces; or valid ones contradict each other: refused. */
  SUPERBLOCKS_LOST(false, "no valid superblock"),
  /** A valid superblock of a version no longer supported: refused. */
  TOO_OLD(false, "format too old"),
  /** A valid superblock of a version not known yet: refused. */
  TOO_NEW(false, "format too new"),
  /** Valid, but of another backing, or a spare that has shrunk: refused. */
  WRONG_SET(false, "another set"),
  /** A spare that the set has besides the given ones is not there: refused, by its path. */
  SPARE_MISSING(false, "another spare of the set is missing"),
  /** A spare whose adding was cut short before it came into force: refused. */
  NEVER_ADDED(false, "never came into force"),
  /** No checkpoint can be put together from all copies: refused. */
  CHECKPOINTS_LOST(false, "no complete checkpoint"),
  /** An acknowledged journal block is gone in every copy: refused, never skipped. */
  JOURNAL_HOLE(false, "a journal block is missing");

  private final boolean opens;
  private final String summary;

  RecoveryCase(boolean opens, String summary) {
    this.opens = opens;
    this.summary = summary;
  }

  /** Whether the set can be used; else opening throws a {@link MetadataException}. */
  public boolean opens() {
    return opens;
  }

  /** A few words for status and logs. */
  public String summary() {
    return summary;
  }
}
