import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** All that was measured, as the script wrote it down: a line a measurement, separated by tabs. */
final class Measurements {
  /**
   * One line.
   *
   * @param family which servers stood beside each other: direct, cached, slow, remaps
   * @param variant of remaps the session; else "-"
   * @param server raw, a session, or a peer; of remaps how many blocks have moved
   * @param via image (the file itself), loop (a loop device over it), or own and ownloop: the raw
   *     file that the server serves, and a loop device over that
   */
  record Line(
      String family,
      String variant,
      Load load,
      String server,
      String via,
      int round,
      double iops,
      double meanMicros,
      double p99Micros,
      double mebibytesPerSecond) {

    /** What counts of this load, in its unit. */
    double value() {
      return load.isLatency() ? meanMicros : load.isSequential() ? mebibytesPerSecond : iops / 1000;
    }
  }

  /** What of a line is the same in all rounds. */
  record Target(String family, String variant, Load load, String server, String via) {}

  private final List<Line> lines = new ArrayList<>();
  private final Map<Target, Map<Integer, Double>> rounds = new LinkedHashMap<>();

  static Measurements read(Path file) throws IOException {
    Measurements all = new Measurements();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        all.add(parse(line));
      }
    }
    return all;
  }

  private static Line parse(String line) {
    String[] field = line.split("\t");
    if (field.length != 10) {
      throw new IllegalArgumentException("no measurement: " + line);
    }
    return new Line(
        field[0],
        field[1],
        Load.parse(field[2]),
        field[3],
        field[4],
        Integer.parseInt(field[5]),
        Double.parseDouble(field[6]),
        Double.parseDouble(field[7]),
        Double.parseDouble(field[8]),
        Double.parseDouble(field[9]));
  }

  void add(Line line) {
    lines.add(line);
    Target target =
        new Target(line.family(), line.variant(), line.load(), line.server(), line.via());
    if (rounds(target).containsKey(line.round())) {
      throw new IllegalArgumentException("measured twice: " + line);
    }
    rounds.computeIfAbsent(target, any -> new TreeMap<>()).put(line.round(), line.value());
  }

  List<Line> lines() {
    return List.copyOf(lines);
  }

  Optional<Samples> of(String family, String variant, Load load, String server, String via) {
    return Samples.of(rounds(new Target(family, variant, load, server, via)).values());
  }

  /** One by the other, round by round. */
  Optional<Samples> ratios(Target one, Target other) {
    return Samples.of(quotients(rounds(one), rounds(other)).values());
  }

  /** What one is of its own raw disk by what another is of its own, round by round. */
  Optional<Samples> ratiosToOwn(Target one, Target ownOfOne, Target other, Target ownOfOther) {
    return Samples.of(
        quotients(
                quotients(rounds(one), rounds(ownOfOne)),
                quotients(rounds(other), rounds(ownOfOther)))
            .values());
  }

  private static Map<Integer, Double> quotients(
      Map<Integer, Double> ones, Map<Integer, Double> others) {
    Map<Integer, Double> quotients = new TreeMap<>();
    ones.forEach(
        (round, value) -> {
          if (others.containsKey(round)) {
            quotients.put(round, value / others.get(round));
          }
        });
    return quotients;
  }

  private Map<Integer, Double> rounds(Target target) {
    return rounds.getOrDefault(target, Map.of());
  }

  /** In the order in which they were first measured. */
  Set<Load> loads(String family) {
    Set<Load> loads = new LinkedHashSet<>();
    lines.stream()
        .filter(line -> line.family().equals(family))
        .forEach(line -> loads.add(line.load()));
    return loads;
  }

  Set<String> servers(String family, String via) {
    Set<String> servers = new LinkedHashSet<>();
    lines.stream()
        .filter(line -> line.family().equals(family) && line.via().equals(via))
        .forEach(line -> servers.add(line.server()));
    return servers;
  }

  Set<String> variants(String family) {
    Set<String> variants = new LinkedHashSet<>();
    lines.stream()
        .filter(line -> line.family().equals(family))
        .forEach(line -> variants.add(line.variant()));
    return variants;
  }
}
