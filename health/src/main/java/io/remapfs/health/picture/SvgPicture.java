package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One SVG file that holds all of a picture: for talks, reports and tickets. It refers to nothing
 * outside itself, and follows the viewer's choice of light or dark.
 */
public final class SvgPicture {
  private static final int WIDTH = 880;
  private static final int PAD = 28;
  private static final int INNER = WIDTH - 2 * PAD;
  private static final int GAP = 24;
  private static final int MOST_COLUMNS = 96;
  private static final int MOST_ROWS = 56;

  private final DiskPicture picture;
  private final StringBuilder out = new StringBuilder(1 << 15);
  private int y = PAD;

  private SvgPicture(DiskPicture picture) {
    this.picture = picture;
  }

  /** The file's contents. */
  public static String render(DiskPicture picture) {
    SvgPicture drawing = new SvgPicture(picture);
    drawing.head();
    drawing.counters();
    drawing.map();
    drawing.legend();
    drawing.charts();
    drawing.foot();
    return drawing.file();
  }

  private String file() {
    String name = "The surface of " + Words.name(picture.backing());
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""
        + WIDTH
        + "\" height=\""
        + y
        + "\" viewBox=\"0 0 "
        + WIDTH
        + " "
        + y
        + "\" role=\"img\" aria-labelledby=\"title description\""
        + " style=\"max-width:100%;height:auto\">\n<title id=\"title\">"
        + Markup.escape(name)
        + "</title>\n<desc id=\"description\">"
        + Markup.escape(Words.summary(picture))
        + "</desc>\n<style>\n"
        + Resources.text("picture.css")
        + "</style>\n"
        + Tile.definitions()
        + "\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
        + out
        + "</svg>\n";
  }

  private void head() {
    text("start", PAD, y + 24, 26, 650, "", Words.shortened(Words.name(picture.backing()), 40));
    DiskPicture.Verdict verdict = picture.verdict();
    if (verdict.score() >= 0) {
      out.append("<text text-anchor=\"end\" x=\"").append(WIDTH - PAD).append("\" y=\"");
      out.append(y + 26).append("\" style=\"font-size:30px;font-weight:650\">");
      out.append(verdict.score());
      out.append(
          "<tspan class=\"muted\" style=\"font-size:14px;font-weight:400\"> of 1000</tspan></text>");
      text("end", WIDTH - PAD, y + 48, 14, 600, "", "score: " + verdict.word());
    }
    String state = picture.state();
    String meaning = picture.reason().isEmpty() ? Words.meaning(state) : picture.reason();
    text("start", PAD, y + 48, 14, 600, "", state);
    List<String> lines = Words.wrapped(meaning, 104, 2);
    for (int i = 0; i < lines.size(); i++) {
      text("start", PAD, y + 69 + i * 18, 13, 400, "muted", lines.get(i));
    }
    y += 72 + lines.size() * 18;
  }

  /** A number and what it counts. */
  private record Counter(String number, String label, @Nullable CellState state) {}

  private void counters() {
    DiskPicture.Blocks blocks = picture.blocks();
    DiskPicture.Scan scan = picture.scan();
    List<Counter> counters = new ArrayList<>();
    counters.add(new Counter(Words.count(blocks.pending()), "blocks lost", CellState.LOST));
    counters.add(
        new Counter(Words.count(blocks.remapped()), "moved to the spare", CellState.MOVED));
    counters.add(new Counter(Words.count(blocks.salvaged()), "salvaged", null));
    counters.add(
        new Counter(
            Words.share(picture.spare().used(), picture.spare().slots()),
            "of the spare used",
            null));
    counters.add(
        new Counter(
            scan == null ? "–" : Math.round(scan.percent()) + " %",
            scan == null ? "not scanned" : "scan " + scan.state(),
            null));
    int step = INNER / counters.size();
    int x = PAD;
    for (Counter each : counters) {
      text("start", x, y + 20, 22, 600, "", each.number());
      int at = x;
      if (each.state() != null) {
        out.append("<g transform=\"translate(").append(x).append(' ').append(y + 29);
        out.append(") scale(1.3)\"><rect width=\"10\" height=\"10\" fill=\"");
        out.append(Tile.fill(each.state())).append("\"/></g>");
        at += 18;
      }
      text("start", at, y + 40, 12.5, 400, "muted", Words.shortened(each.label(), 22));
      x += step;
    }
    y += 40 + GAP;
  }

  private void map() {
    SurfaceDrawing drawing = SurfaceDrawing.of(picture.surface(), MOST_COLUMNS, MOST_ROWS);
    int width = Math.min(INNER, drawing.mostPixels());
    int height = drawing.heightUnits() * width / drawing.widthUnits();
    out.append("<svg x=\"").append(PAD).append("\" y=\"").append(y).append("\" width=\"");
    out.append(width).append("\" height=\"").append(height).append("\" viewBox=\"0 0 ");
    out.append(drawing.widthUnits()).append(' ').append(drawing.heightUnits()).append("\">\n");
    out.append(drawing.markup()).append("\n</svg>\n");
    y += height + 20;
    text("start", PAD, y, 12.5, 400, "muted", scaleOf(picture, drawing.cells().blocksPerCell()));
    y += 18;
  }

  /** What a square is. */
  static String scaleOf(DiskPicture picture, long blocksPerCell) {
    return "Each square is "
        + Words.count(blocksPerCell, "block", "blocks")
        + " ("
        + Words.size(blocksPerCell * picture.image().blockSizeBytes())
        + "), the first at the upper left of "
        + Words.size(picture.image().sizeBytes())
        + "; it shows the worst of them.";
  }

  private void legend() {
    CellState[] states = CellState.values();
    int perRow = 4;
    for (int i = 0; i < states.length; i++) {
      CellState state = states[states.length - 1 - i];
      int x = PAD + i % perRow * (INNER / perRow);
      int top = y + i / perRow * 24;
      out.append("<g transform=\"translate(").append(x).append(' ').append(top);
      out.append(") scale(1.5)\"><rect width=\"10\" height=\"10\" fill=\"");
      out.append(Tile.fill(state)).append("\"/></g>");
      text("start", x + 21, top + 11.5, 12.5, 400, "", state.label());
    }
    y += (states.length + perRow - 1) / perRow * 24 + GAP / 2;
  }

  private void charts() {
    int half = (INNER - GAP) / 2;
    Chart latency = LatencyChart.of(picture.latency());
    Chart timeline = TimelineChart.of(picture.events(), picture.time());
    Chart spare = SpareChart.of(picture.spare());
    int first = panel(latency, PAD, y, half, latency.heightUnits());
    panel(timeline, PAD + half + GAP, y, half, timeline.heightUnits());
    y += first + GAP;
    int second = panel(spare, PAD, y, half, spare.heightUnits());
    panel(forecast(spare.heightUnits()), PAD + half + GAP, y, half, spare.heightUnits());
    y += second + GAP;
  }

  private Chart forecast(int heightUnits) {
    DiskPicture.Forecast forecast = picture.forecast();
    StringBuilder text = new StringBuilder();
    if (forecast == null || forecast.summary().isEmpty()) {
      return new Chart(
          "Forecast",
          "Nothing is forecast.",
          heightUnits,
          Chart.empty(
              heightUnits, "Nothing is forecast.", "It takes errors to tell more of them."));
    }
    List<String> lines = Words.wrapped(forecast.summary(), 60, 4);
    for (int i = 0; i < lines.size(); i++) {
      Chart.text(text, "label", "start", 0, 16 + i * 18, lines.get(i));
    }
    return new Chart("Forecast", forecast.summary(), heightUnits, text.toString());
  }

  /** A frame with a heading; returns its height. */
  private int panel(Chart chart, int x, int top, int width, int heightUnits) {
    int height = heightUnits * (width - 32) / Chart.WIDTH + 50;
    out.append("<g role=\"group\"><title>").append(Markup.escape(chart.title()));
    out.append("</title><desc>").append(Markup.escape(chart.description())).append("</desc>");
    out.append("<rect class=\"panel\" x=\"").append(x).append("\" y=\"").append(top);
    out.append("\" width=\"").append(width).append("\" height=\"").append(height);
    out.append("\" rx=\"8\"/>");
    Chart.text(out, "heading", "start", x + 16, top + 26, chart.title());
    out.append("<svg x=\"").append(x + 16).append("\" y=\"").append(top + 38);
    out.append("\" width=\"").append(width - 32).append("\" height=\"").append(height - 46);
    out.append("\" viewBox=\"0 0 400 ").append(heightUnits).append("\">").append(chart.markup());
    out.append("</svg></g>\n");
    return height;
  }

  private void foot() {
    text(
        "start",
        PAD,
        y + 6,
        11.5,
        400,
        "muted",
        Words.second(picture.time()) + " UTC · remapfs " + Words.shortened(picture.version(), 40));
    y += PAD;
  }

  private void text(
      String anchor, double x, double top, double size, int weight, String classes, String text) {
    out.append("<text text-anchor=\"").append(anchor).append("\" x=\"").append(Chart.number(x));
    out.append("\" y=\"").append(Chart.number(top)).append('"');
    if (!classes.isEmpty()) {
      out.append(" class=\"").append(classes).append('"');
    }
    out.append(" style=\"font-size:").append(Chart.number(size)).append("px;font-weight:");
    out.append(weight).append("\">").append(Markup.escape(text)).append("</text>\n");
  }
}
