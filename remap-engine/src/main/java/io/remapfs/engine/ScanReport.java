package io.remapfs.engine;

/**
 * What a step of the scanner found.
 *
 * @param scannedBytes how far it came from where it began: up to the end of the range, or of the
 *     first piece in which something failed
 * @param readNanos what the reads took that went well at once, in nanoseconds by the engine's clock
 * @param salvaged blocks that were moved to a slot, with the contents they had
 * @param lost blocks that became pending
 * @param pending blocks that were pending before and still are
 * @param unrecorded blocks that cannot be read while that can be recorded nowhere: mounted
 *     read-only, or in an emergency
 */
public record ScanReport(
    int scannedBytes, long readNanos, int salvaged, int lost, int pending, int unrecorded) {
  /** Blocks that failed for the first time. */
  public int newErrors() {
    return salvaged + lost + unrecorded;
  }

  /** Whether every block of what was scanned reads, or is known not to. */
  public boolean isComplete() {
    return unrecorded == 0;
  }
}
