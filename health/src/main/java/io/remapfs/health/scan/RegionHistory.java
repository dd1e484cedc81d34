package io.remapfs.health.scan;

/**
 * What is known of the regions of the disk in which something has happened: the health map, as the
 * scanner needs it.
 */
public interface RegionHistory {
  /** Nothing is known, and nothing is kept. */
  RegionHistory NONE =
      new RegionHistory() {
        @Override
        public void forEach(Visitor visitor) {}

        @Override
        public void scanned(long firstBlock, long blocks) {}

        @Override
        public void slow(long block, long nanos) {}
      };

  /** Sees one region. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Called for each.
     *
     * @param firstBlock where the region begins
     * @param blocks how long it is
     * @param risk 0 for none to 1000
     * @param lastScanSeconds when it was last scanned to its end, in seconds since 1970; 0 for
     *     never
     */
    void visit(long firstBlock, long blocks, int risk, long lastScanSeconds);
  }

  /** Visits the regions that have a record, in ascending order. */
  void forEach(Visitor visitor);

  /** Blocks were scanned now. Regions without a record need none for that. */
  void scanned(long firstBlock, long blocks);

  /** A block reads, but slowly, again and again. */
  void slow(long block, long nanos);
}
