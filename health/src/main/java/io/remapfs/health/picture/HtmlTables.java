package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.Surface;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What the map and the timeline show, as tables: for those who read, search or copy. */
final class HtmlTables {
  private static final int MOST_PLACES = 24;

  private final DiskPicture picture;
  private final StringBuilder out;

  HtmlTables(DiskPicture picture, StringBuilder out) {
    this.picture = picture;
    this.out = out;
  }

  void append() {
    places();
    regions();
    ranges();
    events();
  }

  /** Neighbouring cells that have lost or moved blocks. */
  private record Place(long first, long end, long lost, long moved) {}

  private List<Place> badPlaces() {
    Surface surface = picture.surface();
    List<Place> places = new ArrayList<>();
    for (int cell = 0; cell < surface.cells(); ) {
      int from = cell;
      long lost = 0;
      long moved = 0;
      while (cell < surface.cells() && isBad(surface, cell)) {
        lost += surface.lost(cell);
        moved += surface.moved(cell);
        cell++;
      }
      if (cell > from) {
        places.add(new Place(surface.firstBlock(from), surface.firstBlock(cell), lost, moved));
      } else {
        cell++;
      }
    }
    places.sort(Comparator.comparing(Place::lost).thenComparing(Place::moved).reversed());
    return places;
  }

  private void places() {
    List<Place> places = badPlaces();
    out.append("<section class=\"card\"><h2>Where it is bad</h2>\n");
    if (places.isEmpty()) {
      out.append("<p class=\"none\">Nowhere: no block is lost or moved.</p></section>\n");
      return;
    }
    List<Place> shown = places.subList(0, Math.min(MOST_PLACES, places.size()));
    out.append("<p class=\"small\">Squares side by side with lost or moved blocks");
    if (shown.size() < places.size()) {
      out.append(": the worst ").append(shown.size());
      out.append(" of ").append(Words.count(places.size()));
    }
    out.append(". The file <code>badblocks</code> lists every lost block.</p>\n");
    out.append("<div class=\"scroll\"><table><thead><tr>");
    headings("", "within blocks|n", "at|n", "length|n", "lost|n", "moved|n");
    out.append("</tr></thead><tbody>\n");
    shown.forEach(this::place);
    out.append("</tbody></table></div></section>\n");
  }

  private static boolean isBad(Surface surface, int cell) {
    return surface.state(cell).compareTo(CellState.MOVED) >= 0;
  }

  private void place(Place each) {
    int blockSize = picture.image().blockSizeBytes();
    out.append("<tr><td class=\"t\">");
    HtmlPicture.swatch(out, each.lost() > 0 ? CellState.LOST : CellState.MOVED);
    out.append(each.lost() > 0 ? "lost" : "moved").append("</td><td class=\"n t\">");
    appendRange(each.first(), each.end() - each.first());
    out.append("</td><td class=\"n t\">").append(Words.size(each.first() * blockSize));
    out.append("</td><td class=\"n t\">")
        .append(Words.size((each.end() - each.first()) * blockSize));
    out.append("</td><td class=\"n\">").append(Words.count(each.lost()));
    out.append("</td><td class=\"n\">").append(Words.count(each.moved())).append("</td></tr>\n");
  }

  private void appendRange(long first, long count) {
    out.append(Words.count(first));
    if (count > 1) {
      out.append("–").append(Words.count(first + count - 1));
    }
  }

  private void regions() {
    if (picture.regions().isEmpty()) {
      return;
    }
    out.append("<section class=\"card\"><h2>Regions that are worst off</h2>\n");
    out.append("<div class=\"scroll\"><table><thead><tr>");
    headings("blocks|n", "score|n", "why");
    out.append("</tr></thead><tbody>\n");
    for (DiskPicture.Region each : picture.regions()) {
      out.append("<tr><td class=\"n t\">");
      appendRange(each.firstBlock(), each.count());
      out.append("</td><td class=\"n\">").append(each.score()).append("</td><td class=\"m\">");
      out.append(Markup.escape(each.detail())).append("</td></tr>\n");
    }
    out.append("</tbody></table></div></section>\n");
  }

  private void ranges() {
    DiskPicture.Forecast forecast = picture.forecast();
    if (forecast == null || forecast.ranges().isEmpty()) {
      return;
    }
    out.append("<section class=\"card\"><h2>Where blocks are likely to fail next</h2>\n");
    out.append("<div class=\"scroll\"><table><thead><tr>");
    headings("blocks|n", "likelihood|n", "");
    out.append("</tr></thead><tbody>\n");
    for (DiskPicture.Range each : forecast.ranges()) {
      out.append("<tr><td class=\"n t\">");
      appendRange(each.firstBlock(), each.count());
      out.append("</td><td class=\"n\">").append(each.percent());
      out.append(" %</td><td></td></tr>\n");
    }
    out.append("</tbody></table></div></section>\n");
  }

  private void events() {
    List<DiskPicture.Event> events = picture.events();
    if (events.isEmpty()) {
      return;
    }
    out.append("<section class=\"card\"><details><summary>The newest ");
    out.append(Words.count(events.size(), "event", "events"));
    out.append("</summary><div class=\"scroll\"><table><thead><tr>");
    headings("time (UTC)", "kind", "block|n", "message");
    out.append("</tr></thead><tbody>\n");
    for (int i = events.size() - 1; i >= 0; i--) {
      DiskPicture.Event each = events.get(i);
      out.append("<tr><td class=\"t\">").append(Words.second(each.time()));
      out.append("</td><td class=\"t\">");
      HtmlPicture.swatch(out, EventLane.of(each.kind()).like());
      out.append(Markup.escape(each.kind())).append("</td><td class=\"n\">");
      out.append(each.block() < 0 ? "" : Words.count(each.block())).append("</td><td class=\"m\">");
      out.append(Markup.escape(each.message())).append("</td></tr>\n");
    }
    out.append("</tbody></table></div></details></section>\n");
  }

  /** Headings of columns; {@code |n} behind one says that it is above numbers. */
  private void headings(String... names) {
    for (String each : names) {
      boolean numbers = each.endsWith("|n");
      out.append("<th scope=\"col\"").append(numbers ? " class=\"n\"" : "").append('>');
      out.append(numbers ? each.substring(0, each.length() - 2) : each).append("</th>");
    }
  }
}
