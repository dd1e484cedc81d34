import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Ratios, each of two measurements of the same round: what the disk does meanwhile, both meet. A
 * median is taken of the ratios, not of what they are made of.
 */
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

  /**
   * Whether each server has the raw file that it serves beside it, rather than all the same one.
   */
  static boolean hasOwnDisks(String family) {
    return family.equals("direct");
  }

  /** By what way the raw file below is measured that goes with one to a server. */
  static String ownVia(String via) {
    return via.equals("image") ? "own" : "ownloop";
  }

  /** Ours by the raw disk's, in the load's unit, both by the same way. */
  Optional<Samples> toRaw(String family, Load load, String server, String via) {
    return measurements.ratios(
        new Measurements.Target(family, "-", load, server, via),
        hasOwnDisks(family)
            ? new Measurements.Target(family, "-", load, server, ownVia(via))
            : new Measurements.Target(family, "-", load, "raw", via));
  }

  /** Compares what is left of each one's raw disk. Empty where no peer was measured by that way. */
  Optional<Peer> toBestPeer(String family, Load load, String server, String via) {
    return toRaw(family, load, server, via).stream()
        .flatMap(
            ours ->
                PEERS.stream()
                    .flatMap(
                        peer ->
                            toRaw(family, load, peer, via)
                                .map(theirs -> peer(peer, load, ours, theirs))
                                .stream()))
        .min(Comparator.comparingDouble(Peer::ratio));
  }

  private static Peer peer(String name, Load load, Samples ours, Samples theirs) {
    return new Peer(
        name, load.isLatency() ? theirs.median() / ours.median() : ours.median() / theirs.median());
  }

  /**
   * How fast with so many remapped blocks, against none: either by the raw file in which most of its
   * blocks lie.
   */
  Optional<Samples> toNoRemaps(String session, Load load, String remaps) {
    Measurements.Target some = remaps(session, load, remaps, "image");
    Measurements.Target none = remaps(session, load, "0", "image");
    Measurements.Target ownOfSome = remaps(session, load, remaps, ownVia("image"));
    Measurements.Target ownOfNone = remaps(session, load, "0", ownVia("image"));
    return load.isLatency()
        ? measurements.ratiosToOwn(none, ownOfNone, some, ownOfSome)
        : measurements.ratiosToOwn(some, ownOfSome, none, ownOfNone);
  }

  private static Measurements.Target remaps(
      String session, Load load, String remaps, String via) {
    return new Measurements.Target("remaps", session, load, remaps, via);
  }
}
