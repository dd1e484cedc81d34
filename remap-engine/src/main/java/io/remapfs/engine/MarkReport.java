package io.remapfs.engine;

/**
 * What marking blocks as lost came to. The four counts add up to the blocks that were named; one
 * that was named twice was known the second time.
 *
 * @param marked blocks that were healthy and are pending now, durably
 * @param known blocks that were pending already
 * @param remapped blocks that are in a slot, and so were left alone
 * @param skipped blocks that were left healthy, because no more can be recorded as lost
 */
public record MarkReport(long marked, long known, long remapped, long skipped) {
  /** Both reports' counts together. */
  public MarkReport plus(MarkReport other) {
    return new MarkReport(
        marked + other.marked,
        known + other.known,
        remapped + other.remapped,
        skipped + other.skipped);
  }
}
