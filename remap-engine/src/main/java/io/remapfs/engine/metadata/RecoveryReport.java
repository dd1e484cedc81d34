package io.remapfs.engine.metadata;

import java.util.List;

/**
 * What opening the metadata found and did.
 *
 * @param recoveryCase the row of the table that applied
 * @param wasClean whether the last run closed cleanly
 * @param checkpointGeneration the checkpoint that was used
 * @param replayedBlocks journal blocks replayed after it
 * @param replayedRecords records in them
 * @param damagedBlocks metadata blocks that were unreadable or failed their checksum, over all
 *     copies; a block torn by the last crash counts as one
 * @param staleBlocks copies that are intact but lag behind the newest
 * @param findings one line each, for the log
 * @param repaired whether the copies were made whole again; false when opened read-only, or when
 *     the spare refused the writes
 */
public record RecoveryReport(
    RecoveryCase recoveryCase,
    boolean wasClean,
    long checkpointGeneration,
    int replayedBlocks,
    int replayedRecords,
    int damagedBlocks,
    int staleBlocks,
    List<String> findings,
    boolean repaired) {
  public RecoveryReport {
    findings = List.copyOf(findings);
  }

  RecoveryReport withRepaired(boolean whether) {
    return new RecoveryReport(
        recoveryCase,
        wasClean,
        checkpointGeneration,
        replayedBlocks,
        replayedRecords,
        damagedBlocks,
        staleBlocks,
        findings,
        whether);
  }
}
