package io.remapfs.health.forecast;

/**
 * Blocks of which at least one more is likely to fail.
 *
 * @param firstBlock the first
 * @param blockCount how many, at least 1; those known to be bad are among them
 * @param probability that a block that is good now fails in the worst cell of them within the
 *     horizon, 0 to 1
 */
public record RiskRange(long firstBlock, long blockCount, double probability) {
  /** The block behind the last. */
  public long endBlock() {
    return firstBlock + blockCount;
  }
}
