import java.util.List;
import java.util.Map;

/** Small figures whose results are known by heart. */
final class SelfCheck {
  private SelfCheck() {}

  /**
   * @throws IllegalStateException if the arithmetic is wrong
   */
  static void run() {
    Samples samples = new Samples();
    for (double value : new double[] {9, 1, 4}) {
      samples.add(value);
    }
    holds("median of three", samples.median() == 4 && samples.least() == 1 && samples.most() == 9);
    samples.add(6);
    holds("median of four", samples.median() == 5);

    holds("a rate misses", Limit.rate(0.95, 1).verdict(0.949).equals("MISSED"));
    holds("a rate reaches its must", Limit.rate(0.95, 1).verdict(0.95).equals("must"));
    holds("a rate reaches its aim", Limit.rate(0.95, 1).verdict(1.0).equals("aim"));
    holds("a latency misses", Limit.latency(1.25, 1.1).verdict(1.26).equals("MISSED"));
    holds("a latency reaches its must", Limit.latency(1.25, 1.1).verdict(1.2).equals("must"));
    holds("a latency reaches its aim", Limit.latency(1.25, 1.1).verdict(1.05).equals("aim"));
    holds("a latency is shown as what it adds", Limit.latency(1, 1).show(1.25).equals("+25 %"));

    Measurements all = new Measurements();
    Load latency = Load.parse("randread:4k:1:1");
    Load rate = Load.parse("randread:4k:32:1");
    // Figures of two servers cannot be compared here, only what each leaves of its own file.
    add(all, "direct", "-", latency, "ring", "image", 120, 300, 130);
    add(all, "direct", "-", latency, "ring", "own", 100, 200, 100);
    add(all, "direct", "-", latency, "qemu", "image", 90);
    add(all, "direct", "-", latency, "qemu", "own", 30);
    add(all, "direct", "-", latency, "nbdfuse", "image", 390);
    add(all, "direct", "-", latency, "nbdfuse", "own", 200);
    // The ratios are 0.9, 0.5 and 1, that of the medians is 0.5; the fourth round has no other
    // half.
    add(all, "direct", "-", rate, "ring", "image", 90_000, 100_000, 400_000, 1_000);
    add(all, "direct", "-", rate, "ring", "own", 100_000, 200_000, 400_000);
    add(all, "direct", "-", rate, "qemu", "image", 135_000);
    add(all, "direct", "-", rate, "qemu", "own", 300_000);
    add(all, "direct", "-", rate, "nbdfuse", "image", 10_000);
    add(all, "direct", "-", rate, "nbdfuse", "own", 100_000);
    add(all, "direct", "-", rate, "ring", "loop", 30_000);
    Compared compared = new Compared(all);
    Samples latencies = compared.toRaw("direct", latency, "ring", "image").orElseThrow();
    holds("latency to raw", near(latencies.median(), 1.3) && near(latencies.most(), 1.5));
    Samples rates = compared.toRaw("direct", rate, "ring", "image").orElseThrow();
    holds(
        "a ratio is the median of the rounds' own",
        rates.count() == 3
            && near(rates.median(), 0.9)
            && near(rates.least(), 0.5)
            && near(rates.most(), 1));
    holds("ratios are shown", Limit.rate(1, 1).show(rates).equals("90 % (50 % - 100 %)"));
    holds("nothing to compare with", compared.toRaw("direct", rate, "ring", "loop").isEmpty());
    add(all, "direct", "-", rate, "ring", "ownloop", 40_000);
    Samples loops = compared.toRaw("direct", rate, "ring", "loop").orElseThrow();
    holds("a loop is compared with a loop", near(loops.median(), 0.75));
    add(all, "cached", "-", rate, "ring", "image", 50_000, 30_000);
    add(all, "cached", "-", rate, "raw", "image", 100_000, 40_000);
    Samples common = compared.toRaw("cached", rate, "ring", "image").orElseThrow();
    holds("one raw file for all", near(common.least(), 0.5) && near(common.most(), 0.75));
    Compared.Peer slower = compared.toBestPeer("direct", latency, "ring", "image").orElseThrow();
    holds("best peer by latency", slower.name().equals("nbdfuse") && near(slower.ratio(), 1.5));
    Compared.Peer faster = compared.toBestPeer("direct", rate, "ring", "image").orElseThrow();
    holds("best peer by rate", faster.name().equals("qemu") && near(faster.ratio(), 2));

    add(all, "remaps", "ring", latency, "0", "image", 100);
    add(all, "remaps", "ring", latency, "0", "own", 50);
    add(all, "remaps", "ring", latency, "10000", "image", 125);
    add(all, "remaps", "ring", latency, "10000", "own", 100);
    add(all, "remaps", "ring", rate, "0", "image", 100, 50);
    add(all, "remaps", "ring", rate, "0", "own", 200, 100);
    add(all, "remaps", "ring", rate, "10000", "image", 30, 60);
    add(all, "remaps", "ring", rate, "10000", "own", 100, 100);
    Samples remaps = compared.toNoRemaps("ring", latency, "10000").orElseThrow();
    holds("latency against no remaps", near(remaps.median(), 1.6));
    Samples moved = compared.toNoRemaps("ring", rate, "10000").orElseThrow();
    holds("rate against no remaps", near(moved.least(), 0.6) && near(moved.most(), 1.2));

    Facts.Memory ours = new Facts.Memory("ring", "load", 80, 80);
    Facts.Memory libfuse = new Facts.Memory("libfuse", "load", 100, 100);
    Facts.Memory idle = new Facts.Memory("libfuse", "idle", 50, 50);
    Facts facts = new Facts(Map.of(), List.of(idle, ours, libfuse), Map.of());
    double resident = facts.toLibfuse(ours).orElseThrow();
    holds("memory to libfuse", near(resident, 0.8) && Goal.MEMORY.verdict(resident).equals("must"));
    holds("only memory under load", facts.toLibfuse(idle).isEmpty());

    holds("the end of an axis", BarChart.ceiling(101) == 150 && BarChart.ceiling(100) == 100);
    holds("quotes", DataFiles.quote("a\"\\\n").equals("\"a\\\"\\\\\\u000a\""));
  }

  private static void add(
      Measurements all,
      String family,
      String variant,
      Load load,
      String server,
      String via,
      double... values) {
    for (int round = 0; round < values.length; round++) {
      double value = values[round];
      all.add(
          new Measurements.Line(
              family,
              variant,
              load,
              server,
              via,
              round,
              load.isLatency() ? 1 : value,
              load.isLatency() ? value : 1,
              0,
              0));
    }
  }

  private static boolean near(double value, double expected) {
    return Math.abs(value - expected) < 1e-9;
  }

  private static void holds(String what, boolean holds) {
    if (!holds) {
      throw new IllegalStateException("the report's arithmetic is wrong: " + what);
    }
  }
}
