package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.table.RemapTable;
import org.jspecify.annotations.Nullable;

/**
 * What an open has found before it writes anything.
 *
 * @param spare the newest spare of the set
 * @param superblock what the set is
 * @param table which blocks are not on the backing; to be read only
 * @param wasClean whether the last run closed cleanly
 * @param cleanFingerprint what the backing was like then; null if it was not, or is not known
 */
public record RecoveredSet(
    BlockDevice spare,
    Superblock superblock,
    RemapTable table,
    boolean wasClean,
    @Nullable Fingerprint cleanFingerprint) {

  /** A last say about whether the set is used, before the first byte of it changes. */
  @FunctionalInterface
  public interface Check {
    /** Everything is welcome. */
    Check NONE = set -> {};

    /**
     * Looks.
     *
     * @throws WrongSetException if the set is not to be used
     */
    void accept(RecoveredSet set) throws WrongSetException;
  }
}
