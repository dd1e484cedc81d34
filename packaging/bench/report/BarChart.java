import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A grouped bar chart with whiskers from the least to the most, readable on light and on dark. */
final class BarChart {
  /**
   * @param group by its place among the groups
   * @param name of the server; each has its own colour
   */
  record Bar(int group, String name, double median, double least, double most) {}

  private static final int LEFT = 64;
  private static final int TOP = 64;
  private static final int HEIGHT = 260;
  private static final int BOTTOM = 46;
  private static final int BAR = 18;
  private static final int GAP = 26;

  /** Told apart by most colour-blind people as well (Okabe and Ito's, less the black). */
  private static final Map<String, String> COLOURS =
      Map.ofEntries(
          Map.entry("raw", "#8a8a8a"),
          Map.entry("uring", "#0072b2"),
          Map.entry("ring", "#56b4e9"),
          Map.entry("threads", "#009e73"),
          Map.entry("libfuse", "#cc79a7"),
          Map.entry("qemu", "#d55e00"),
          Map.entry("nbdfuse", "#e69f00"),
          Map.entry("s3backer", "#b3a800"));

  private static final List<String> SPARE_COLOURS =
      List.of("#8a8a8a", "#56b4e9", "#0072b2", "#d55e00");

  private final String title;
  private final String unit;
  private final List<String> groups;
  private final List<Bar> bars;

  BarChart(String title, String unit, List<String> groups, List<Bar> bars) {
    this.title = title;
    this.unit = unit;
    this.groups = List.copyOf(groups);
    this.bars = List.copyOf(bars);
  }

  String svg() {
    List<String> names = bars.stream().map(Bar::name).distinct().toList();
    double top = ceiling(bars.stream().mapToDouble(Bar::most).max().orElse(1));
    int width = Math.max(640, LEFT + bars.size() * BAR + (groups.size() + 1) * GAP);
    List<String> out = new ArrayList<>();
    out.add(
        format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
                + " height=\"%d\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">",
            width, TOP + HEIGHT + BOTTOM, width, TOP + HEIGHT + BOTTOM));
    out.add("<title>" + escape(title) + "</title>");
    out.add(
        "<style>.paper{fill:#ffffff}.ink{fill:#1f2328}.line{stroke:#1f2328}.grid{stroke:#d0d7de}"
            + "@media(prefers-color-scheme:dark){.paper{fill:#0d1117}.ink{fill:#e6edf3}.line{stroke:#e6edf3}.grid{stroke:#30363d}}</style>");
    out.add("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>");
    out.add(text(LEFT, 22, "start", 15, title));
    legend(out, names);
    axis(out, top, width);
    int x = LEFT + GAP / 2;
    for (int group = 0; group < groups.size(); group++) {
      int number = group;
      int from = x;
      for (Bar bar : bars.stream().filter(each -> each.group() == number).toList()) {
        bar(out, bar, x, top, colour(bar.name(), names));
        x += BAR;
      }
      out.add(text((from + x) / 2, TOP + HEIGHT + 18, "middle", 12, groups.get(group)));
      x += GAP;
    }
    out.add("</svg>");
    return String.join("\n", out) + "\n";
  }

  private static void legend(List<String> out, List<String> names) {
    int x = LEFT;
    for (String name : names) {
      out.add(
          format(
              "<rect x=\"%d\" y=\"34\" width=\"11\" height=\"11\" fill=\"%s\"/>",
              x, colour(name, names)));
      out.add(text(x + 15, 44, "start", 12, name));
      x += 30 + 7 * name.length();
    }
  }

  private void axis(List<String> out, double top, int width) {
    for (int step = 0; step <= 4; step++) {
      double y = TOP + HEIGHT - HEIGHT * step / 4.0;
      out.add(
          format(
              "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>",
              LEFT, y, width - 8, y));
      out.add(text(LEFT - 6, y + 4, "end", 11, number(top * step / 4)));
    }
    out.add(
        format(
            "<text class=\"ink\" transform=\"translate(14 %d) rotate(-90)\""
                + " text-anchor=\"middle\">%s</text>",
            TOP + HEIGHT / 2, escape(unit)));
  }

  private void bar(List<String> out, Bar bar, int x, double top, String colour) {
    double y = TOP + HEIGHT - HEIGHT * bar.median() / top;
    double least = TOP + HEIGHT - HEIGHT * bar.least() / top;
    double most = TOP + HEIGHT - HEIGHT * bar.most() / top;
    int middle = x + (BAR - 2) / 2;
    out.add(
        format(
            "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\""
                + " fill=\"%s\"><title>%s</title></rect>",
            x,
            y,
            BAR - 2,
            TOP + HEIGHT - y,
            colour,
            escape(
                format(
                    "%s, %s: %.2f (%.2f - %.2f) %s",
                    groups.get(bar.group()),
                    bar.name(),
                    bar.median(),
                    bar.least(),
                    bar.most(),
                    unit))));
    out.add(
        format(
            "<path class=\"line\" fill=\"none\" d=\"M%d %.1fV%.1fM%d %.1fh6M%d %.1fh6\"/>",
            middle, least, most, middle - 3, least, middle - 3, most));
  }

  private static String colour(String name, List<String> names) {
    String own = COLOURS.get(name);
    return own != null ? own : SPARE_COLOURS.get(names.indexOf(name) % SPARE_COLOURS.size());
  }

  /**
   * The end of the axis: 1, 1.5, 2, 3, 4, 6 or 8 times a power of ten, whose quarters are short.
   */
  static double ceiling(double most) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(most, 1e-9))));
    for (double step : new double[] {1, 1.5, 2, 3, 4, 6, 8}) {
      if (most <= step * power) {
        return step * power;
      }
    }
    return 10 * power;
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? format("%.0f", value)
        : format("%.4f", value).replaceAll("0+$", "");
  }

  private static String text(double x, double y, String anchor, int size, String text) {
    return format(
        "<text class=\"ink\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\">%s</text>",
        x, y, anchor, size, escape(text));
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
