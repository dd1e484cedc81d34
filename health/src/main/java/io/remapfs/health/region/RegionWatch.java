package io.remapfs.health.region;

import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Keeps a {@link RegionSummary} of a map that is not older than a minute. It is made anew when a
 * record has changed, but never for more than a twentieth of the time: a million records take a
 * while to look at. {@link #doWork} by one thread; {@link #summary} by any.
 */
public final class RegionWatch {
  /** Errors grow old, and scores better, also while nothing happens. */
  private static final long MOST_AGE_NANOS = 60_000_000_000L;

  private static final int PAUSE_FACTOR = 20;

  private final HealthMap map;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private volatile RegionSummary summary = RegionSummary.NOTHING;
  private long changesSeen = -1;
  private long lookedNanos;
  private long tookNanos;

  /** Over a map; {@code nanoTime} as {@link System#nanoTime}. */
  public RegionWatch(HealthMap map, InstantSource clock, LongSupplier nanoTime) {
    this.map = map;
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /** Moves evidence into the map, and looks at the map where that is due. */
  public void doWork() {
    map.doWork();
    long now = nanoTime.getAsLong();
    long changes = map.changes();
    long age = now - lookedNanos;
    boolean due = changes != changesSeen ? age >= PAUSE_FACTOR * tookNanos : age >= MOST_AGE_NANOS;
    if (due || changesSeen < 0) {
      changesSeen = changes;
      summary = RegionSummary.of(map, clock.instant());
      lookedNanos = nanoTime.getAsLong();
      tookNanos = lookedNanos - now;
    }
  }

  /** All regions as they were when last looked at. */
  public RegionSummary summary() {
    return summary;
  }
}
