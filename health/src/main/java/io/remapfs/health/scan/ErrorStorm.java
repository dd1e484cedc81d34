package io.remapfs.health.scan;

/**
 * Tells when errors come so fast, in so many places, that the disk is better left alone for a
 * while.
 *
 * <p>A place is what lies {@value #PLACE_BLOCKS} blocks or more from the error before: a long bad
 * range is one place, and is read to its end. More than {@value #PLACES} places within a minute are
 * a storm. The first pause takes ten seconds, each further one twice as long as the one before, ten
 * minutes at most; after ten minutes without a storm it is ten seconds again. Not thread-safe.
 */
final class ErrorStorm {
  private static final int PLACE_BLOCKS = 256;
  private static final int PLACES = 64;
  private static final long SECOND = 1_000_000_000L;
  private static final long WINDOW_NANOS = 60 * SECOND;
  private static final long SHORTEST_NANOS = 10 * SECOND;
  private static final long LONGEST_NANOS = 600 * SECOND;
  private static final long CALM_NANOS = 600 * SECOND;

  private final long[] atNanos = new long[PLACES];
  private long places;
  private long lastBlock = Long.MIN_VALUE / 2;
  private long pauseNanos = SHORTEST_NANOS / 2;
  private long pauseEndsNanos;
  private boolean paused;

  /** Takes note of an error that was not known before. */
  void error(long block, long nowNanos) {
    boolean samePlace = Math.abs(block - lastBlock) < PLACE_BLOCKS;
    lastBlock = block;
    if (samePlace) {
      return;
    }
    int at = (int) (places % PLACES);
    boolean storm = places >= PLACES && nowNanos - atNanos[at] < WINDOW_NANOS;
    atNanos[at] = nowNanos;
    places++;
    if (storm) {
      boolean calm = pauseEndsNanos != 0 && nowNanos - pauseEndsNanos > CALM_NANOS;
      pauseNanos = calm ? SHORTEST_NANOS : Math.min(LONGEST_NANOS, 2 * pauseNanos);
      pauseEndsNanos = nowNanos + pauseNanos;
      paused = true;
      places = 0;
    }
  }

  /** How long to leave the disk alone; 0 where there is no storm. */
  long pauseLeftNanos(long nowNanos) {
    if (paused && nowNanos - pauseEndsNanos >= 0) {
      paused = false;
    }
    return paused ? pauseEndsNanos - nowNanos : 0;
  }
}
