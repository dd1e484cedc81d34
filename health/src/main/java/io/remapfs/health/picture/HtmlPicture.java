package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.Surface;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One page of HTML that holds all of a picture, for a browser or a printer. It loads nothing, and
 * its own policy forbids it to: the one script it has, for what is under the pointer, is named
 * there by its hash. It is XML too, which lets tests and other programs take it apart.
 */
public final class HtmlPicture {
  private static final int WIDE_COLUMNS = 128;
  private static final int WIDE_ROWS = 64;
  private static final int NARROW_COLUMNS = 40;
  private static final int NARROW_ROWS = 52;

  private final DiskPicture picture;
  private final StringBuilder out = new StringBuilder(1 << 16);

  private HtmlPicture(DiskPicture picture) {
    this.picture = picture;
  }

  /** The file's contents. */
  public static String render(DiskPicture picture) {
    HtmlPicture page = new HtmlPicture(picture);
    String script = Resources.text("page.js");
    page.start(script);
    page.header();
    page.counters();
    page.map();
    page.out.append("<div class=\"cards\">\n");
    page.chart(TimelineChart.of(picture.events(), picture.time()));
    page.chart(LatencyChart.of(picture.latency()));
    page.chart(SpareChart.of(picture.spare()));
    page.forecast();
    page.facts("Scan", page.scanFacts());
    page.facts("Drive", picture.drive());
    page.out.append("</div>\n");
    new HtmlTables(picture, page.out).append();
    page.end(script);
    return page.out.toString();
  }

  private void start(String script) {
    String name = Markup.escape(Words.name(picture.backing()));
    out.append(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n");
    out.append("<meta charset=\"utf-8\"/>\n");
    out.append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
    out.append(" style-src 'unsafe-inline'; script-src 'sha256-").append(hash(script));
    out.append("'; base-uri 'none'; form-action 'none'\"/>\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    out.append("<meta name=\"referrer\" content=\"no-referrer\"/>\n");
    out.append("<title>").append(name).append(" – remapfs</title>\n<style>\n");
    out.append(Resources.text("page.css")).append(Resources.text("picture.css"));
    out.append("</style>\n</head>\n<body>\n<svg width=\"0\" height=\"0\" aria-hidden=\"true\"");
    out.append(" style=\"position:absolute\" xmlns=\"http://www.w3.org/2000/svg\">");
    out.append(Tile.definitions()).append("</svg>\n<main>\n");
  }

  private static String hash(String script) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private void header() {
    String state = picture.state();
    String meaning = picture.reason().isEmpty() ? Words.meaning(state) : picture.reason();
    out.append("<header>\n<div><h1>").append(Markup.escape(Words.name(picture.backing())));
    out.append("</h1>\n<p class=\"path\">").append(Markup.escape(picture.backing()));
    out.append(" · ").append(Words.size(picture.image().sizeBytes())).append("</p>\n");
    out.append("<p class=\"state\"><b>").append(Markup.escape(state)).append("</b>");
    out.append(meaning.isEmpty() ? "" : " – " + Markup.escape(meaning)).append("</p></div>\n");
    DiskPicture.Verdict verdict = picture.verdict();
    if (verdict.score() >= 0) {
      out.append("<div class=\"score\"><p><b>").append(verdict.score());
      out.append("</b><span> of 1000</span></p><p class=\"verdict ").append(tone(verdict.word()));
      out.append("\">score: ").append(Markup.escape(verdict.word())).append("</p></div>\n");
    }
    out.append("</header>\n");
  }

  private static String tone(String verdict) {
    return switch (verdict) {
      case "good" -> "is-good";
      case "warn" -> "is-warn";
      default -> "is-bad";
    };
  }

  private void counters() {
    DiskPicture.Blocks blocks = picture.blocks();
    DiskPicture.Spare spare = picture.spare();
    DiskPicture.Scan scan = picture.scan();
    out.append("<dl class=\"counters\">\n");
    counter("blocks lost", Words.count(blocks.pending()), CellState.LOST);
    counter("moved to the spare", Words.count(blocks.remapped()), CellState.MOVED);
    counter("salvaged since format", Words.count(blocks.salvaged()), null);
    counter("of the spare used", Words.share(spare.used(), spare.slots()), null);
    if (scan != null) {
      counter("scan " + scan.state(), Math.round(scan.percent()) + " %", null);
    }
    out.append("</dl>\n");
  }

  private void counter(String label, String number, @Nullable CellState state) {
    out.append("<div><dt>");
    if (state != null) {
      swatch(out, state);
    }
    out.append(Markup.escape(label)).append("</dt><dd>");
    out.append(Markup.escape(number)).append("</dd></div>\n");
  }

  /** A tile in running text; its meaning stands beside it. */
  static void swatch(StringBuilder out, CellState state) {
    out.append("<svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"");
    out.append(" xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"10\" height=\"10\" fill=\"");
    out.append(Tile.fill(state)).append("\"/></svg>");
  }

  private void map() {
    Surface surface = picture.surface();
    SurfaceDrawing wide = SurfaceDrawing.of(surface, WIDE_COLUMNS, WIDE_ROWS);
    SurfaceDrawing narrow = SurfaceDrawing.of(surface, NARROW_COLUMNS, NARROW_ROWS);
    out.append("<section class=\"card\" aria-labelledby=\"surface-heading\">\n");
    out.append("<h2 id=\"surface-heading\">Surface</h2>\n");
    map(wide, "wide");
    map(narrow, "narrow");
    scale(wide, "wide");
    scale(narrow, "narrow");
    out.append("<ul class=\"legend\">\n");
    Map<CellState, Integer> census = surface.census();
    CellState[] states = CellState.values();
    for (int i = states.length - 1; i >= 0; i--) {
      out.append("<li>");
      swatch(out, states[i]);
      out.append("<span>").append(states[i].label()).append("</span><span class=\"small\">");
      int count = census.getOrDefault(states[i], 0);
      out.append(Markup.escape(Words.share(count, surface.cells())));
      out.append("</span></li>\n");
    }
    out.append("</ul>\n</section>\n");
  }

  private void map(SurfaceDrawing drawing, String which) {
    out.append("<svg class=\"map ").append(which).append("\" style=\"max-width:");
    out.append(drawing.mostPixels()).append("px\" viewBox=\"0 0 ").append(drawing.widthUnits());
    out.append(' ').append(drawing.heightUnits()).append("\" data-margin=\"");
    out.append(drawing.margin()).append("\" data-columns=\"").append(drawing.columns());
    out.append("\" data-cells=\"").append(drawing.cells().cells());
    out.append("\" role=\"img\" aria-label=\"").append(Markup.escape(Words.summary(picture)));
    out.append("\" xmlns=\"http://www.w3.org/2000/svg\">").append(drawing.markup());
    out.append("</svg>\n");
  }

  private void scale(SurfaceDrawing drawing, String which) {
    out.append("<p class=\"small ").append(which).append("\" style=\"margin-top:12px\">");
    out.append(SvgPicture.scaleOf(picture, drawing.cells().blocksPerCell())).append("</p>\n");
  }

  private void chart(Chart chart) {
    out.append("<section class=\"card\"><h2>").append(Markup.escape(chart.title()));
    out.append("</h2><svg class=\"chart\" viewBox=\"0 0 ").append(Chart.WIDTH).append(' ');
    out.append(chart.heightUnits()).append("\" role=\"img\" aria-label=\"");
    out.append(Markup.escape(chart.description()))
        .append("\" xmlns=\"http://www.w3.org/2000/svg\">");
    out.append(chart.markup()).append("</svg></section>\n");
  }

  private void forecast() {
    DiskPicture.Forecast forecast = picture.forecast();
    out.append("<section class=\"card\"><h2>Forecast</h2>");
    if (forecast == null || forecast.summary().isEmpty()) {
      out.append(
          "<p class=\"none\">Nothing is forecast: it takes errors to tell more of them.</p>");
    } else {
      out.append("<p>").append(Markup.escape(forecast.summary())).append("</p>");
    }
    out.append("</section>\n");
  }

  private Map<String, String> scanFacts() {
    DiskPicture.Scan scan = picture.scan();
    if (scan == null) {
      return Map.of();
    }
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("state", scan.state());
    facts.put("progress", Math.round(scan.percent() * 10) / 10.0 + " %");
    if (!scan.detail().isEmpty()) {
      facts.put("detail", scan.detail());
    }
    return facts;
  }

  private void facts(String title, Map<String, String> facts) {
    if (facts.isEmpty()) {
      return;
    }
    out.append("<section class=\"card\"><h2>").append(title).append("</h2><dl class=\"facts\">");
    facts.forEach(
        (name, value) -> {
          out.append("<dt>").append(Markup.escape(name)).append("</dt><dd>");
          out.append(Markup.escape(value)).append("</dd>");
        });
    out.append("</dl></section>\n");
  }

  private void end(String script) {
    out.append("<footer>").append(Words.second(picture.time())).append(" UTC · remapfs ");
    out.append(Markup.escape(picture.version())).append("</footer>\n</main>\n");
    out.append("<div id=\"tip\" role=\"status\" hidden=\"hidden\"></div>\n");
    out.append("<script type=\"application/json\" id=\"surface\">");
    appendData();
    out.append("</script>\n<script>").append(script).append("</script>\n</body>\n</html>\n");
  }

  /** Digits and the codes of states only: nothing in it could end the element. */
  private void appendData() {
    Surface surface = picture.surface();
    out.append("{\"blockCount\":").append(surface.blockCount());
    out.append(",\"blocksPerCell\":").append(surface.blocksPerCell());
    out.append(",\"order\":\"");
    for (CellState each : CellState.values()) {
      out.append(each.code());
    }
    out.append("\",\"labels\":[");
    out.append(
        Stream.of(CellState.values())
            .map(each -> '"' + each.label() + '"')
            .collect(Collectors.joining(",")));
    out.append("],\"cells\":\"").append(surface.codes()).append("\",\"lost\":{");
    appendCounts(surface, true);
    out.append("},\"moved\":{");
    appendCounts(surface, false);
    out.append("}}");
  }

  private void appendCounts(Surface surface, boolean lost) {
    String comma = "";
    for (int cell = 0; cell < surface.cells(); cell++) {
      long count = lost ? surface.lost(cell) : surface.moved(cell);
      if (count > 0) {
        out.append(comma).append('"').append(cell).append("\":").append(count);
        comma = ",";
      }
    }
  }
}
