package io.remapfs.health.picture;

import io.remapfs.health.surface.DiskPicture;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** When things happened: a row for each kind of news, higher where more came together. */
final class TimelineChart {
  private static final int HEIGHT = 190;
  private static final int LEFT = 88;
  private static final int RIGHT = 392;
  private static final int COLUMNS = 63;
  private static final int LANE_HEIGHT = 38;
  private static final int TOP = 8;
  private static final long SHORTEST_SECONDS = 60;

  /** A row is not filled by fewer events at once. */
  private static final long LEAST_FULL = 8;

  private TimelineChart() {}

  static Chart of(List<DiskPicture.Event> events, Instant now) {
    String title = "Events";
    if (events.isEmpty()) {
      return new Chart(
          title,
          "No event yet.",
          HEIGHT,
          Chart.empty(HEIGHT, "No event yet.", "Nothing has gone wrong since the mount."));
    }
    Instant first = events.get(0).time();
    Instant last = now;
    for (DiskPicture.Event each : events) { // Clocks are set back now and then.
      first = each.time().isBefore(first) ? each.time() : first;
      last = each.time().isAfter(last) ? each.time() : last;
    }
    Map<EventLane, long[]> counts = counts(events, first, last);
    StringBuilder said = new StringBuilder();
    said.append("The newest ").append(Words.count(events.size(), "event", "events"));
    String comma = ": ";
    for (EventLane lane : EventLane.values()) {
      said.append(comma)
          .append(Words.count(LongStream.of(in(counts, lane)).sum()))
          .append(' ')
          .append(lane.label());
      comma = ", ";
    }
    said.append("; from ").append(Words.minute(first)).append(" to ").append(Words.minute(last));
    return new Chart(title, said.append(" UTC.").toString(), HEIGHT, markup(counts, first, last));
  }

  private static Map<EventLane, long[]> counts(
      List<DiskPicture.Event> events, Instant first, Instant last) {
    long seconds = Math.max(SHORTEST_SECONDS, Duration.between(first, last).toSeconds());
    Map<EventLane, long[]> counts = new EnumMap<>(EventLane.class);
    for (DiskPicture.Event each : events) {
      double share = Duration.between(first, each.time()).toMillis() / 1000.0 / seconds;
      int column = (int) Math.min(COLUMNS - 1, share * COLUMNS);
      in(counts, EventLane.of(each.kind()))[column]++;
    }
    return counts;
  }

  private static long[] in(Map<EventLane, long[]> counts, EventLane lane) {
    return counts.computeIfAbsent(lane, absent -> new long[COLUMNS]);
  }

  private static String markup(Map<EventLane, long[]> counts, Instant first, Instant last) {
    StringBuilder out = new StringBuilder();
    double step = (double) (RIGHT - LEFT) / COLUMNS;
    long most = LEAST_FULL;
    for (long[] lane : counts.values()) {
      most = Math.max(most, LongStream.of(lane).max().orElse(0));
    }
    double full = Math.log((double) most);
    int base = TOP;
    for (EventLane lane : EventLane.values()) {
      base += LANE_HEIGHT;
      String tile = Tile.name(lane.like());
      out.append("<g transform=\"translate(0 ").append(base - 19).append(") scale(1.2)\">");
      out.append("<rect width=\"10\" height=\"10\" fill=\"").append(Tile.fill(lane.like()));
      out.append("\"/></g>");
      Chart.text(out, "label", "start", 18, base - 8.5, lane.label());
      for (int column = 0; column < COLUMNS; column++) {
        long count = in(counts, lane)[column];
        if (count > 0) {
          double height = 5 + (LANE_HEIGHT - 12) * Math.min(1, Math.log((double) count) / full);
          Chart.rectangle(
              out, "body-" + tile, LEFT + column * step, base - height, step - 1, height);
        }
      }
      Chart.line(out, "rule", LEFT, base, "H" + RIGHT);
    }
    boolean sameDay =
        Words.minute(first).substring(0, 10).equals(Words.minute(last).substring(0, 10));
    int y = base + 18;
    Chart.text(out, "axis", "start", LEFT, y, Words.minute(first));
    Chart.text(
        out, "axis", "end", RIGHT, y, Words.minute(last).substring(sameDay ? 11 : 0) + " UTC");
    return out.toString();
  }
}
