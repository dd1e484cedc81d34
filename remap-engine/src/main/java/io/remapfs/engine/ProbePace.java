package io.remapfs.engine;

/**
 * How often something that failed is asked whether it works again: soon at first, then more and
 * more seldom, because asking a dead device can take long. What fails again shortly after it
 * answered is asked as seldom as before, so that a loose cable is not an event a second.
 *
 * <p>Not thread-safe: guarded by whoever owns it.
 */
final class ProbePace {
  static final long SECOND = 1_000_000_000L;
  private static final long SHORTEST_NANOS = SECOND / 4;
  static final long LONGEST_NANOS = 16 * SECOND;

  /** What worked for so long is asked soon again when it fails. */
  private static final long CALM_NANOS = 60 * SECOND;

  private final EngineClock clock;
  private long intervalNanos = SHORTEST_NANOS;
  private long askedAtNanos;
  private long answeredAtNanos;

  ProbePace(EngineClock clock) {
    this.clock = clock;
    this.askedAtNanos = clock.nanoTime() - LONGEST_NANOS;
    this.answeredAtNanos = clock.nanoTime() - CALM_NANOS;
  }

  /** Tells that it failed after it had worked. */
  void failed() {
    if (clock.nanoTime() - answeredAtNanos >= CALM_NANOS) {
      intervalNanos = SHORTEST_NANOS;
    }
  }

  /** Whether it may be asked now; counts as asked where it may. */
  boolean isDue() {
    long now = clock.nanoTime();
    if (now - askedAtNanos < intervalNanos) {
      return false;
    }
    askedAtNanos = now;
    intervalNanos = Math.min(LONGEST_NANOS, 2 * intervalNanos);
    return true;
  }

  /** Tells that it works again. */
  void answered() {
    answeredAtNanos = clock.nanoTime();
  }
}
