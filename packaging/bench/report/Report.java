import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Turns what remapfs-bench wrote down into tables and charts.
 *
 * <p>{@code Report RESULTS OUT} reads the tab-separated files in RESULTS, writes remapfs-bench.md,
 * .csv, .json and the charts to OUT, and prints the first. {@code Report --check} checks its own
 * arithmetic, and does nothing else.
 */
final class Report {
  private Report() {}

  public static void main(String[] arguments) throws IOException {
    SelfCheck.run();
    if (List.of(arguments).equals(List.of("--check"))) {
      return;
    }
    Path results = Path.of(arguments[0]);
    Path out = Files.createDirectories(Path.of(arguments[1]));
    Measurements measurements = Measurements.read(results.resolve("measurements.tsv"));
    Facts facts = Facts.read(results);
    Map<String, String> charts = Charts.draw(measurements);
    for (Map.Entry<String, String> chart : charts.entrySet()) {
      Files.writeString(out.resolve(chart.getKey()), chart.getValue());
    }
    String text = new MarkdownReport(measurements, facts).text(List.copyOf(charts.keySet()));
    Files.writeString(out.resolve("remapfs-bench.md"), text);
    Files.writeString(out.resolve("remapfs-bench.csv"), DataFiles.csv(measurements));
    Files.writeString(out.resolve("remapfs-bench.json"), DataFiles.json(measurements, facts));
    System.out.print(text);
  }
}
