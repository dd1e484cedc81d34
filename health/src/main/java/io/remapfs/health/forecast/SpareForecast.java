package io.remapfs.health.forecast;

/**
 * When the spare's last slot is used up, if it goes on as it did.
 *
 * @param foreseeable whether it can be said at all
 * @param exhaustedMillis the most likely time, in milliseconds since 1970; {@link #NEVER} where not
 *     foreseeable
 * @param earliestMillis the start of the interval that should hold the true time 9 times of 10
 * @param latestMillis its end, or {@link #NEVER} where it has none
 * @param slotsPerDay at what rate slots are used
 * @param reason why it cannot be said, in words for people; empty where it can
 */
public record SpareForecast(
    boolean foreseeable,
    long exhaustedMillis,
    long earliestMillis,
    long latestMillis,
    double slotsPerDay,
    String reason) {
  /** No time. */
  public static final long NEVER = Long.MAX_VALUE;

  static SpareForecast notForeseeable(String reason) {
    return new SpareForecast(false, NEVER, NEVER, NEVER, 0, reason);
  }
}
