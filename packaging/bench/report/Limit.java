import java.util.Locale;

/**
 * What a ratio to the raw disk must and is to reach.
 *
 * @param latency whether the ratio is of latencies, where less is better; else of rates
 * @param must the bound that counts
 * @param aim the bound that is wished for
 */
record Limit(boolean latency, double must, double aim) {
  static Limit rate(double must, double aim) {
    return new Limit(false, must, aim);
  }

  static Limit latency(double must, double aim) {
    return new Limit(true, must, aim);
  }

  /** "aim", "must" or "MISSED". */
  String verdict(double ratio) {
    return reaches(ratio, aim) ? "aim" : reaches(ratio, must) ? "must" : "MISSED";
  }

  private boolean reaches(double ratio, double bound) {
    return latency ? ratio <= bound : ratio >= bound;
  }

  String text() {
    return (latency ? "<= " : ">= ") + show(must) + " / " + (latency ? "<= " : ">= ") + show(aim);
  }

  /** The median of ratios, and their least and most. */
  String show(Samples ratios) {
    return String.format(
        "%s (%s - %s)", show(ratios.median()), show(ratios.least()), show(ratios.most()));
  }

  /** A latency as what it adds, a rate as what is left of it. */
  String show(double ratio) {
    return latency
        ? String.format(
            Locale.ROOT, Math.abs(ratio - 1) < 0.1 ? "%+.1f %%" : "%+.0f %%", (ratio - 1) * 100)
        : String.format(Locale.ROOT, "%.0f %%", ratio * 100);
  }
}
