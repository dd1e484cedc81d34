import java.util.Optional;

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
    add(all, "direct", "-", latency, "raw", 100);
    add(all, "direct", "-", latency, "ring", 120);
    add(all, "direct", "-", latency, "qemu", 240);
    add(all, "direct", "-", latency, "nbdfuse", 180);
    add(all, "direct", "-", rate, "raw", 100_000);
    add(all, "direct", "-", rate, "ring", 80_000);
    add(all, "direct", "-", rate, "qemu", 40_000);
    add(all, "direct", "-", rate, "nbdfuse", 10_000);
    Compared compared = new Compared(all);
    holds("latency to raw", near(compared.toRaw("direct", latency, "ring", "image"), 1.2));
    holds("rate to raw", near(compared.toRaw("direct", rate, "ring", "image"), 0.8));
    holds("nothing to compare with", compared.toRaw("direct", rate, "ring", "loop").isEmpty());
    Compared.Peer slower = compared.toBestPeer("direct", latency, "ring", "image").orElseThrow();
    holds(
        "best peer by latency",
        slower.name().equals("nbdfuse") && near(Optional.of(slower.ratio()), 1.5));
    Compared.Peer faster = compared.toBestPeer("direct", rate, "ring", "image").orElseThrow();
    holds(
        "best peer by rate", faster.name().equals("qemu") && near(Optional.of(faster.ratio()), 2));

    add(all, "remaps", "ring", latency, "0", 100);
    add(all, "remaps", "ring", latency, "10000", 125);
    holds("against no remaps", near(compared.toNoRemaps("ring", latency, "10000"), 0.8));

    holds("the end of an axis", BarChart.ceiling(101) == 150 && BarChart.ceiling(100) == 100);
    holds("quotes", DataFiles.quote("a\"\\\n").equals("\"a\\\"\\\\\\u000a\""));
  }

  private static void add(
      Measurements all, String family, String variant, Load load, String server, double value) {
    all.add(
        new Measurements.Line(
            family,
            variant,
            load,
            server,
            "image",
            0,
            load.isLatency() ? 1 : value,
            load.isLatency() ? value : 1,
            0,
            0));
  }

  private static boolean near(Optional<Double> value, double expected) {
    return value.isPresent() && Math.abs(value.get() - expected) < 1e-9;
  }

  private static void holds(String what, boolean holds) {
    if (!holds) {
      throw new IllegalStateException("the report's arithmetic is wrong: " + what);
    }
  }
}
