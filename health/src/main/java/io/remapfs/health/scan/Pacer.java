package io.remapfs.health.scan;

/**
 * Spends time on something at a rate: a token bucket that counts in nanoseconds of its rate and may
 * go into debt, because what a step costs is known after it only. After a rest it lets {@link
 * #BURST_NANOS} be caught up, so that late wake-ups do not lower the rate. Not thread-safe.
 */
final class Pacer {
  /** Ten late wake-ups of a busy machine. */
  static final long BURST_NANOS = 100_000_000;

  /** A clock that jumped, or a first step that loaded classes, must not stop the tour for long. */
  static final long MAX_DEBT_NANOS = 60_000_000_000L;

  private long readyAtNanos;
  private boolean started;

  /** Spends what takes {@code costNanos} at the rate that is wanted. */
  void spend(long nowNanos, long costNanos) {
    long from = started ? Math.max(readyAtNanos - nowNanos, -BURST_NANOS) : -BURST_NANOS;
    started = true;
    readyAtNanos = nowNanos + Math.min(MAX_DEBT_NANOS, from + costNanos);
  }

  /** How long until more may be spent; 0 for now. */
  long delayNanos(long nowNanos) {
    return started ? Math.max(0, readyAtNanos - nowNanos) : 0;
  }
}
