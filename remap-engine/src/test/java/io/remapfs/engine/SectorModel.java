package io.remapfs.engine;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * What each 512-byte sector of an image may contain, as stamps: every write of the simulation fills
 * whole sectors with a number of its own.
 *
 * <p>A sector has the stamps that a read may return now (one, or several after a failed write or a
 * crash) and those that it may have after a power cut (these, and all since the last good flush).
 */
final class SectorModel {
  static final int SECTOR_BYTES = 512;

  private final Set<Long>[] now;
  private final Set<Long>[] afterCrash;

  /** What a failed flush may have dropped for good; a later flush does not bring it back. */
  private final Set<Long>[] doubtful;

  @SuppressWarnings({"unchecked", "rawtypes"})
  SectorModel(int sectors) {
    now = new Set[sectors];
    afterCrash = new Set[sectors];
    doubtful = new Set[sectors];
    Arrays.setAll(doubtful, sector -> new HashSet<>());
    Arrays.setAll(now, sector -> new HashSet<>(Set.of(0L)));
    Arrays.setAll(afterCrash, sector -> new HashSet<>(Set.of(0L)));
  }

  void written(int sector, long stamp) {
    now[sector] = new HashSet<>(Set.of(stamp));
    afterCrash[sector].add(stamp);
    doubtful[sector].clear();
  }

  void writeFailed(int sector, long stamp) {
    now[sector].add(stamp);
    afterCrash[sector].add(stamp);
  }

  /** The sector durably holds this, and nothing else is known of it. */
  void holds(int sector, long stamp) {
    now[sector] = new HashSet<>(Set.of(stamp));
    settled(sector);
  }

  /** What reads now is durable: the sector's block was moved to a slot and committed. */
  void settled(int sector) {
    afterCrash[sector] = new HashSet<>(now[sector]);
    doubtful[sector].clear();
  }

  /** Whether a reader may find this after a power cut at this moment. */
  boolean maySurvive(int sector, long stamp) {
    return afterCrash[sector].contains(stamp);
  }

  String describeSurvivors(int sector) {
    return "sector " + sector + " may hold " + afterCrash[sector];
  }

  /** A read narrows what is possible: what was seen once stays until it is written. */
  boolean seen(int sector, long stamp) {
    boolean possible = now[sector].contains(stamp);
    now[sector] = new HashSet<>(Set.of(stamp));
    return possible;
  }

  void flushed() {
    for (int sector = 0; sector < now.length; sector++) {
      afterCrash[sector] = new HashSet<>(now[sector]);
      afterCrash[sector].addAll(doubtful[sector]);
    }
  }

  void flushFailed() {
    for (int sector = 0; sector < now.length; sector++) {
      doubtful[sector].addAll(afterCrash[sector]);
    }
  }

  void crashed() {
    for (int sector = 0; sector < now.length; sector++) {
      now[sector] = new HashSet<>(afterCrash[sector]);
    }
  }

  String describe(int sector) {
    return "sector " + sector + " may be " + now[sector];
  }
}
