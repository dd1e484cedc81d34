package io.remapfs.mount.daemon;

import io.remapfs.health.region.HealthMap;
import io.remapfs.health.region.Score;
import io.remapfs.health.scan.RegionHistory;
import io.remapfs.health.store.HealthGeometry;
import java.time.Instant;
import java.time.InstantSource;

/** The health map as the scanner needs it. Thread-safe. */
record MapHistory(HealthMap map, InstantSource clock) implements RegionHistory {
  @Override
  public void forEach(Visitor visitor) {
    HealthGeometry disk = map.geometry();
    Instant now = clock.instant();
    map.forEachRecord(
        (region, health) ->
            visitor.visit(
                disk.firstBlock(region),
                disk.blocksIn(region),
                Score.BEST - Score.ofRegion(health, now),
                health.lastScanSeconds()));
  }

  /** A region counts as scanned when its last block is: scans go upwards. */
  @Override
  public void scanned(long firstBlock, long blocks) {
    if (blocks <= 0) {
      return;
    }
    HealthGeometry disk = map.geometry();
    long end = firstBlock + blocks;
    for (int region = disk.regionOf(firstBlock); region < disk.regionCount(); region++) {
      if (disk.firstBlock(region) + disk.blocksIn(region) > end) {
        return;
      }
      map.noteScanned(region);
    }
  }

  @Override
  public void slow(long block, long nanos) {
    map.noteSlow(block);
  }
}
