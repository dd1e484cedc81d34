package io.remapfs.health.picture;

import io.remapfs.health.surface.LatencyHistogram;
import io.remapfs.health.surface.LatencyHistogram.Bucket;
import java.util.List;

/**
 * How long the scanner's reads took. Both scales are logarithmic: the one slow read in a million is
 * what somebody looks for.
 */
final class LatencyChart {
  private static final int HEIGHT = 190;
  private static final int LEFT = 40;
  private static final int RIGHT = 392;
  private static final int TOP = 30;
  private static final int BOTTOM = 164;

  private LatencyChart() {}

  static Chart of(List<Bucket> buckets) {
    String title = "Read latency";
    if (buckets.isEmpty()) {
      return new Chart(
          title,
          "No read of the scanner has been timed yet.",
          HEIGHT,
          Chart.empty(HEIGHT, "No read has been timed yet.", "A scan times each of its reads."));
    }
    long median = LatencyHistogram.quantileMicros(buckets, 0.5);
    long slow = LatencyHistogram.quantileMicros(buckets, 0.99);
    long slowest = buckets.get(buckets.size() - 1).highMicros();
    long reads = buckets.stream().mapToLong(Bucket::count).sum();
    String said =
        Words.count(reads, "read", "reads")
            + " by the scanner: half took at most "
            + Words.micros(median)
            + ", 99 % at most "
            + Words.micros(slow)
            + ", all at most "
            + Words.micros(slowest)
            + ".";
    return new Chart(title, said, HEIGHT, markup(buckets, median, slow));
  }

  private static String markup(List<Bucket> buckets, long median, long slow) {
    StringBuilder out = new StringBuilder();
    double first = Math.floor(decades(buckets.get(0).lowMicros()));
    double last = Math.ceil(decades(buckets.get(buckets.size() - 1).highMicros()));
    last = Math.max(last, first + 1);
    long most = buckets.stream().mapToLong(Bucket::count).max().orElse(1);
    double top = Math.max(1, Math.ceil(Math.log10(most + 1.0)));
    countAxis(out, (int) top);
    for (int decade = (int) first; decade <= last; decade++) {
      double x = across(decade, first, last);
      Chart.line(out, "rule", x, BOTTOM, "v4");
      String anchor = decade == (int) last ? "end" : "middle";
      Chart.text(out, "axis", anchor, x, BOTTOM + 18, Words.micros((long) Math.pow(10, decade)));
    }
    for (Bucket each : buckets) {
      double from = across(decades(each.lowMicros()), first, last);
      double to = across(decades(each.highMicros()), first, last);
      // One read is not nothing: a logarithm begins at zero with one.
      double height = (BOTTOM - TOP) * Math.log10(each.count() + 1.0) / top;
      Chart.rectangle(out, "bar", from, BOTTOM - height, Math.max(1.2, to - from - 0.6), height);
    }
    Chart.line(out, "rule", LEFT, BOTTOM, "H" + RIGHT);
    mark(out, across(decades(median), first, last), "median " + Words.micros(median), 10);
    mark(out, across(decades(slow), first, last), "99 % " + Words.micros(slow), 23);
    return out.toString();
  }

  private static void countAxis(StringBuilder out, int decades) {
    int step = decades > 4 ? 2 : 1;
    for (int decade = 0; decade <= decades; decade += step) {
      double y = BOTTOM - (double) (BOTTOM - TOP) * decade / decades;
      if (decade > 0) {
        Chart.line(out, "rule", LEFT, y, "H" + RIGHT);
      }
      Chart.text(out, "axis", "end", LEFT - 6, y + 3.6, brief(decade));
    }
  }

  /** Ten to a power in few characters. */
  private static String brief(int decade) {
    String zeros = "0".repeat(decade % 3);
    return switch (decade / 3) {
      case 0 -> "1" + zeros;
      case 1 -> "1" + zeros + "k";
      case 2 -> "1" + zeros + "M";
      case 3 -> "1" + zeros + "G";
      default -> "1" + zeros + "T";
    };
  }

  private static double decades(long micros) {
    return Math.log10((double) Math.max(1, micros));
  }

  private static double across(double decade, double first, double last) {
    double share = (decade - first) / (last - first);
    return LEFT + (RIGHT - LEFT) * Math.min(1, Math.max(0, share));
  }

  private static void mark(StringBuilder out, double x, String label, double y) {
    Chart.line(out, "mark", x, y + 4, "V" + BOTTOM);
    boolean right = x > (LEFT + RIGHT) / 2.0;
    Chart.text(out, "axis", right ? "end" : "start", right ? x - 4 : x + 4, y + 4, label);
  }
}
