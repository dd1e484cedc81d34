package io.remapfs.engine;

import java.time.Duration;

/**
 * What a user may choose about errors.
 *
 * @param retries further attempts on a block whose first read or write failed, 0 to 100
 * @param firstBackoff the pause before the first retry; it doubles with each
 * @param retryBudget the longest time that one request spends on retries
 * @param pendingWrite where a write to a pending block goes
 * @param unreadable what a read of a lost block, or a partial write to it, gets
 */
public record EngineOptions(
    int retries,
    Duration firstBackoff,
    Duration retryBudget,
    PendingWrite pendingWrite,
    Unreadable unreadable) {

  /** Where a write that covers a pending block goes. */
  public enum PendingWrite {
    /** To a new slot. */
    RELOCATE,
    /** To its place on the backing, read back to be sure; to a slot where that fails. */
    REWRITE
  }

  /** What a read of a lost block gets. */
  public enum Unreadable {
    /** EIO. */
    EIO,
    /** Zeros, counted. */
    ZERO
  }

  public EngineOptions {
    if (retries < 0 || retries > 100) {
      throw new IllegalArgumentException("retries must be 0 to 100");
    }
    if (firstBackoff.isNegative() || retryBudget.isNegative()) {
      throw new IllegalArgumentException("a back-off and a retry budget cannot be negative");
    }
  }

  /** Three retries, 10 ms growing, 2 s in all; new slots for pending blocks; EIO for lost ones. */
  public static EngineOptions defaults() {
    return new EngineOptions(
        3, Duration.ofMillis(10), Duration.ofSeconds(2), PendingWrite.RELOCATE, Unreadable.EIO);
  }
}
