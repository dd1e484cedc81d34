import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Ratios of medians. */
final class Compared {
  /** Whom remapfs is to be ahead of. */
  static final List<String> PEERS = List.of("libfuse", "qemu", "nbdfuse", "s3backer");

  /**
   * The peer that does best in a row.
   *
   * @param ratio how many times as fast as it we are, be it by latency or by rate
   */
  record Peer(String name, double ratio) {}

  private final Measurements measurements;

  Compared(Measurements measurements) {
    this.measurements = measurements;
  }

  /** Ours by the raw disk's, in the load's unit, both by the same way. */
  Optional<Double> toRaw(String family, Load load, String server, String via) {
    return ratio(
        measurements.of(family, "-", load, server, via),
        measurements.of(family, "-", load, "raw", via));
  }

  /** Empty where no peer was measured by that way. */
  Optional<Peer> toBestPeer(String family, Load load, String server, String via) {
    return PEERS.stream()
        .flatMap(
            peer ->
                ratio(
                    measurements.of(family, "-", load, server, via),
                    measurements.of(family, "-", load, peer, via))
                    .map(ratio -> new Peer(peer, load.isLatency() ? 1 / ratio : ratio))
                    .stream())
        .min(Comparator.comparingDouble(Peer::ratio));
  }

  /** How fast with so many remapped blocks, against none. */
  Optional<Double> toNoRemaps(String session, Load load, String remaps) {
    return ratio(
            measurements.of("remaps", session, load, remaps, "image"),
            measurements.of("remaps", session, load, "0", "image"))
        .map(ratio -> load.isLatency() ? 1 / ratio : ratio);
  }

  private static Optional<Double> ratio(Optional<Samples> ours, Optional<Samples> theirs) {
    return ours.isPresent() && theirs.isPresent()
        ? Optional.of(ours.get().median() / theirs.get().median())
        : Optional.empty();
  }
}
