import java.util.List;

/**
 * A row of what is to be reached.
 *
 * @param family whose measurements count
 * @param image of the image, against the raw file
 * @param loop of a loop device over the image, against one over the raw file
 */
record Goal(String family, Load load, Limit image, Limit loop) {
  /** What any row must and is to reach against the best peer, as a rate. */
  static final Limit PEER = Limit.rate(1.0, 1.5);

  /** With a million remapped blocks, against none. */
  static final Limit REMAPS = Limit.rate(0.95, 0.95);

  /** What is resident under load, against libfuse's. */
  static final Limit MEMORY = Limit.latency(0.85, 0.75);

  static final double IDLE_MUST = 80;
  static final double IDLE_AIM = 64;
  static final double MILLION_MUST = 112;
  static final double MILLION_AIM = 96;
  static final double READY_MUST_SECONDS = 0.7;

  static final List<Goal> ALL =
      List.of(
          direct("read:1m:4:1", Limit.rate(0.95, 1), Limit.rate(0.95, 1)),
          direct("write:1m:4:1", Limit.rate(0.95, 1), Limit.rate(0.95, 1)),
          direct("randwrite:4k:1:1", Limit.latency(1.25, 1.1), Limit.latency(1.1, 1)),
          direct("randwrite:4k:32:1", Limit.rate(0.95, 1), Limit.rate(0.95, 1)),
          direct("randread:4k:1:1", Limit.latency(1.25, 1.1), Limit.latency(1.8, 1.6)),
          direct("randread:4k:1:4", Limit.rate(0.85, 1), Limit.rate(0.7, 0.9)),
          direct("randread:4k:32:1", Limit.rate(0.75, 0.9), Limit.rate(0.85, 0.95)),
          slow("randread:4k:1:1"),
          slow("randwrite:4k:1:1"));

  private static Goal direct(String load, Limit image, Limit loop) {
    return new Goal("direct", Load.parse(load), image, loop);
  }

  private static Goal slow(String load) {
    return new Goal("slow", Load.parse(load), Limit.latency(1.01, 1.01), Limit.latency(1.02, 1.02));
  }

  String title() {
    return load.title() + (family.equals("slow") ? ", 5 ms disk" : "");
  }
}
