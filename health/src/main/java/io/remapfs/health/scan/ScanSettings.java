package io.remapfs.health.scan;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a mount wants of its scanner.
 *
 * @param interval from the beginning of one tour to that of the next, {@link #SHORTEST} to {@link
 *     #LONGEST}; null for tours on request only
 * @param limits of tours that name none
 */
public record ScanSettings(@Nullable Duration interval, ScanLimits limits) {
  public static final Duration SHORTEST = Duration.ofMinutes(1);
  public static final Duration LONGEST = Duration.ofDays(366);

  /** A tour a week. */
  public static final ScanSettings DEFAULT =
      new ScanSettings(Duration.ofDays(7), ScanLimits.DEFAULT);

  /**
   * So long after a mount a tour begins that is due: whoever mounts a dying disk to copy it off
   * needs it more than we do. One that was interrupted goes on at once.
   */
  static final Duration AFTER_MOUNT = Duration.ofMinutes(10);

  public ScanSettings {
    if (interval != null && (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0)) {
      throw new IllegalArgumentException("the interval must be 1 minute to 366 days");
    }
  }

  /** When the next tour begins, in milliseconds since 1970; -1 for never by itself. */
  long nextAtMillis(TourState state, long mountedAtMillis) {
    Duration every = interval;
    if (every == null) {
      return -1;
    }
    long soonest = mountedAtMillis + AFTER_MOUNT.toMillis();
    return state.tour == 0
        ? soonest
        : Math.max(
            Math.min(soonest, mountedAtMillis + every.toMillis()),
            state.startedAtMillis + every.toMillis());
  }
}
