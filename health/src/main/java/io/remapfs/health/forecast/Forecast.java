package io.remapfs.health.forecast;

import java.time.Duration;
import java.util.List;

/**
 * What is likely to fail within a time.
 *
 * @param madeMillis when this was foretold, in milliseconds since 1970
 * @param horizon how far it looks
 * @param confidence how much evidence is behind it
 * @param newErrorProbability that any good block of the disk is found bad within the horizon
 * @param blocksAtRisk the blocks of all ranges, also of those that {@code ranges} leaves out
 * @param ranges the worst first, at most {@link #MAX_RANGES}
 */
public record Forecast(
    long madeMillis,
    Duration horizon,
    Confidence confidence,
    double newErrorProbability,
    long blocksAtRisk,
    List<RiskRange> ranges) {
  /** The number of ranges that are told. */
  public static final int MAX_RANGES = 256;

  /** How much evidence a forecast stands on; what it is worth was measured, see docs/health.md. */
  public enum Confidence {
    /** Nothing failed yet: nothing can be foretold, and nothing is. */
    NONE,
    /** One or two bursts of errors. */
    LOW,
    /** Three to nine bursts. */
    MEDIUM,
    /** Ten bursts or more. */
    HIGH
  }

  public Forecast {
    ranges = List.copyOf(ranges);
  }

  /** A forecast of nothing. */
  static Forecast nothing(long madeMillis, Duration horizon) {
    return new Forecast(madeMillis, horizon, Confidence.NONE, 0, 0, List.of());
  }
}
