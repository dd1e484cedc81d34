import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Every single measurement, for other programs. */
final class DataFiles {
  private DataFiles() {}

  static String csv(Measurements measurements) {
    StringBuilder out =
        new StringBuilder(
            "family,variant,pattern,bytes,depth,jobs,server,via,round,iops,mean_us,p99_us,mib_per_s\n");
    for (Measurements.Line line : measurements.lines()) {
      Load load = line.load();
      out.append(
          String.format(
              Locale.ROOT,
              "%s,%s,%s,%s,%d,%d,%s,%s,%d,%.1f,%.2f,%.2f,%.2f%n",
              line.family(),
              line.variant(),
              load.pattern(),
              load.bytes(),
              load.depth(),
              load.jobs(),
              line.server(),
              line.via(),
              line.round(),
              line.iops(),
              line.meanMicros(),
              line.p99Micros(),
              line.mebibytesPerSecond()));
    }
    return out.toString();
  }

  static String json(Measurements measurements, Facts facts) {
    return "{\n\"facts\": "
        + object(facts.facts())
        + ",\n\"memory\": "
        + array(
            facts.memory().stream()
                .map(
                    each ->
                        String.format(
                            Locale.ROOT,
                            "{\"session\": %s, \"state\": %s, \"residentMiB\": %.1f, \"peakMiB\":"
                                + " %.1f}",
                            quote(each.session()),
                            quote(each.state()),
                            each.mebibytes(),
                            each.peak()))
                .toList())
        + ",\n\"readySeconds\": {"
        + facts.ready().entrySet().stream()
            .map(
                each ->
                    quote(each.getKey())
                        + ": "
                        + String.format(Locale.ROOT, "%.3f", each.getValue().median()))
            .collect(Collectors.joining(", "))
        + "},\n\"measurements\": "
        + array(measurements.lines().stream().map(DataFiles::object).toList())
        + "\n}\n";
  }

  private static String object(Measurements.Line line) {
    Load load = line.load();
    return String.format(
        Locale.ROOT,
        "{\"family\": %s, \"variant\": %s, \"pattern\": %s, \"bytes\": %s, \"depth\": %d, \"jobs\":"
            + " %d, \"server\": %s, \"via\": %s, \"round\": %d, \"iops\": %.1f, \"meanMicros\":"
            + " %.2f, \"p99Micros\": %.2f, \"mebibytesPerSecond\": %.2f}",
        quote(line.family()),
        quote(line.variant()),
        quote(load.pattern()),
        quote(load.bytes()),
        load.depth(),
        load.jobs(),
        quote(line.server()),
        quote(line.via()),
        line.round(),
        line.iops(),
        line.meanMicros(),
        line.p99Micros(),
        line.mebibytesPerSecond());
  }

  private static String object(Map<String, String> map) {
    return map.entrySet().stream()
        .map(each -> quote(each.getKey()) + ": " + quote(each.getValue()))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String array(List<String> items) {
    return items.isEmpty() ? "[]" : "[\n" + String.join(",\n", items) + "\n]";
  }

  static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
