import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/** The charts of a run: one for each family of loads that share a unit. */
final class Charts {
  private record Kind(
      String name, String title, String unit, String toRaw, Predicate<Load> loads) {}

  private static final String RATE_TO_RAW = "requests a second, 1 is the raw file served";

  private static final List<Kind> KINDS =
      List.of(
          new Kind(
              "latency",
              "4 KiB, one request at a time",
              "us, less is better",
              "latency, 1 is the raw file served, less is better",
              Load::isLatency),
          new Kind(
              "iops",
              "4 KiB, many requests at a time",
              "kIOPS",
              RATE_TO_RAW,
              load -> !load.isLatency() && !load.isSequential()),
          new Kind(
              "sequential",
              "1 MiB, sequential",
              "MiB/s",
              RATE_TO_RAW,
              load -> !load.isLatency() && load.isSequential()));

  private static final Map<String, String> FAMILIES =
      Map.of("direct", "O_DIRECT", "cached", "page-cached", "slow", "5 ms disk");

  private Charts() {}

  /** The texts of the files by their names. */
  static Map<String, String> draw(Measurements measurements) {
    Map<String, String> files = new LinkedHashMap<>();
    Compared compared = new Compared(measurements);
    for (String family : List.of("direct", "cached", "slow")) {
      for (Kind kind : KINDS) {
        for (String via : List.of("image", "loop")) {
          List<Load> loads = measurements.loads(family).stream().filter(kind.loads()).toList();
          boolean ratios = Compared.hasOwnDisks(family);
          List<BarChart.Bar> bars =
              bars(
                  measurements,
                  family,
                  via,
                  loads,
                  (load, server) ->
                      ratios
                          ? compared.toRaw(family, load, server, via)
                          : measurements.of(family, "-", load, server, via));
          if (!bars.isEmpty()) {
            String title =
                kind.title()
                    + ", "
                    + FAMILIES.get(family)
                    + (via.equals("loop") ? ", through a loop device" : ", the file itself");
            files.put(
                family + "-" + kind.name() + "-" + via + ".svg",
                new BarChart(title, ratios ? kind.toRaw() : kind.unit(), titles(loads), bars)
                    .svg());
          }
        }
      }
    }
    for (String session : measurements.variants("remaps")) {
      for (Kind kind : KINDS) {
        List<Load> loads = measurements.loads("remaps").stream().filter(kind.loads()).toList();
        List<BarChart.Bar> bars =
            bars(
                measurements,
                "remaps",
                "image",
                loads,
                (load, remaps) -> measurements.of("remaps", session, load, remaps, "image"));
        if (!bars.isEmpty()) {
          files.put(
              "remaps-" + session + "-" + kind.name() + ".svg",
              new BarChart(
                      kind.title() + ", by remapped blocks, --session=" + session,
                      kind.unit(),
                      titles(loads),
                      bars)
                  .svg());
        }
      }
    }
    return files;
  }

  private static List<String> titles(List<Load> loads) {
    return loads.stream().map(Load::shortTitle).toList();
  }

  private static List<BarChart.Bar> bars(
      Measurements measurements,
      String family,
      String via,
      List<Load> loads,
      BiFunction<Load, String, Optional<Samples>> samples) {
    List<BarChart.Bar> bars = new ArrayList<>();
    for (Load load : loads) {
      for (String server : measurements.servers(family, via)) {
        samples
            .apply(load, server)
            .ifPresent(
                each ->
                    bars.add(
                        new BarChart.Bar(
                            loads.indexOf(load),
                            server,
                            each.median(),
                            each.least(),
                            each.most())));
      }
    }
    return bars;
  }
}
