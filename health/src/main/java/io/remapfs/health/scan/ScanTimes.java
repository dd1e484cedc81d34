package io.remapfs.health.scan;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Moments and durations as people and scripts read them. */
public final class ScanTimes {
  private ScanTimes() {}

  /** "2026-11-23T21:40:00Z", or "" for none. */
  static String instant(long millis) {
    return millis <= 0
        ? ""
        : Instant.ofEpochMilli(millis).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** "3 d 4 h", "1 h 12 min", "5 min", "40 s". */
  public static String duration(long seconds) {
    if (seconds < 60) {
      return seconds + " s";
    }
    long minutes = seconds / 60;
    if (minutes < 60) {
      return minutes + " min";
    }
    long hours = minutes / 60;
    return hours < 24
        ? String.format(Locale.ROOT, "%d h %d min", hours, minutes % 60)
        : String.format(Locale.ROOT, "%d d %d h", hours / 24, hours % 24);
  }
}
