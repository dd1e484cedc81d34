package io.remapfs.engine;

import java.util.stream.IntStream;

/** Tells errors all over a disk from those of one bad region: by {@value #ZONES} equal zones. */
final class DiskZones {
  private static final int ZONES = 64;
  private static final int FEW = 8;

  private DiskZones() {}

  /** The zone of one of {@code placeCount} places, at most 2^41. */
  static int of(long place, long placeCount) {
    return (int) (place * ZONES / placeCount);
  }

  /** Whether these zones, which may repeat, are more than {@value #FEW}. */
  static boolean areAllOver(IntStream zones) {
    return zones.distinct().count() > FEW;
  }
}
