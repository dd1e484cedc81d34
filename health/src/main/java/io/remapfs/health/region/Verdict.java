package io.remapfs.health.region;

import java.util.Locale;

/**
 * What a score means. Where the lines are drawn is a choice: {@link Score} shows what it takes to
 * cross them.
 */
public enum Verdict {
  /** 900 to 1000: nothing, or something long ago. */
  GOOD,
  /** 600 to 899: fresh errors, or lost data; keep an eye on it. */
  WARN,
  /** 0 to 599: getting worse; copy the data off. */
  DANGER;

  /** The least score that is good. */
  public static final int GOOD_FROM = 900;

  /** The least score that is no danger. */
  public static final int WARN_FROM = 600;

  /** The verdict on a score of 0 to 1000. */
  public static Verdict of(int score) {
    if (score >= GOOD_FROM) {
      return GOOD;
    }
    return score >= WARN_FROM ? WARN : DANGER;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
