package io.remapfs.health.surface;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link HealthJson} wrote, perhaps long ago on another machine, perhaps changed by
 * somebody: whatever it accepts can be drawn.
 */
public final class HealthJsonReader {
  /** The longest file; {@link HealthJson} stays well below. */
  public static final int MAX_BYTES = 1 << 20;

  private static final int MAX_COUNTS = Surface.MAX_CELLS * 20;
  private static final int MAX_DRIVE_FACTS = 64;

  private HealthJsonReader() {}

  /**
   * Reads a whole file.
   *
   * @throws PictureSyntaxException if it is none, or one that cannot be drawn
   */
  public static DiskPicture read(byte[] json) throws PictureSyntaxException {
    if (json.length > MAX_BYTES) {
      throw new PictureSyntaxException("it is larger than any health.json");
    }
    JsonFields root = new JsonFields("", parse(json));
    if (!root.text("format").equals(HealthJson.FORMAT)) {
      throw new PictureSyntaxException("it is no health.json of remapfs");
    }
    if (root.number("formatVersion", 1, Integer.MAX_VALUE) > HealthJson.FORMAT_VERSION) {
      throw new PictureSyntaxException("it was written by a newer remapfs than this one");
    }
    JsonFields image = root.object("image");
    int blockSize = (int) image.number("blockSize", 512, 1 << 16);
    long sizeBytes = image.number("sizeBytes", blockSize, Long.MAX_VALUE);
    JsonFields blocks = root.object("blocks");
    JsonFields spare = root.object("spare");
    return new DiskPicture(
        root.time("time"),
        root.text("version"),
        root.text("backing"),
        root.text("state"),
        root.text("reason"),
        new DiskPicture.Verdict(
            root.has("score") ? (int) root.number("score", 0, 1000) : -1, root.text("verdict")),
        new DiskPicture.Image(sizeBytes, blockSize),
        new DiskPicture.Blocks(
            count(blocks, "remapped"), count(blocks, "pending"), count(blocks, "salvaged")),
        new DiskPicture.Spare(count(spare, "slots"), count(spare, "used"), count(spare, "burnt")),
        scan(root.objectOrNull("scan")),
        forecast(root.objectOrNull("forecast")),
        regions(root.objects("regions", DiskPicture.MAX_REGIONS)),
        latency(root),
        events(root.objects("events", DiskPicture.MAX_EVENTS)),
        drive(root.objectOrNull("drive")),
        surface(root.object("surface"), sizeBytes / blockSize));
  }

  private static Map<?, ?> parse(byte[] json) throws PictureSyntaxException {
    try {
      Map<?, ?> parsed = JSON.std.mapFrom(json);
      if (parsed != null) { // JSON's null
        return parsed;
      }
    } catch (IOException e) {
      // told below: what the parser says is of no use to who named the wrong file
    }
    throw new PictureSyntaxException("it is no health.json of remapfs");
  }

  private static long count(JsonFields fields, String key) throws PictureSyntaxException {
    return fields.number(key, 0, Long.MAX_VALUE >> 10);
  }

  private static DiskPicture.@Nullable Scan scan(@Nullable JsonFields scan)
      throws PictureSyntaxException {
    return scan == null
        ? null
        : new DiskPicture.Scan(scan.text("state"), scan.percent("percent"), scan.text("detail"));
  }

  private static DiskPicture.@Nullable Forecast forecast(@Nullable JsonFields forecast)
      throws PictureSyntaxException {
    if (forecast == null) {
      return null;
    }
    List<DiskPicture.Range> ranges = new ArrayList<>();
    for (JsonFields each : forecast.objects("ranges", DiskPicture.MAX_REGIONS)) {
      ranges.add(
          new DiskPicture.Range(
              count(each, "firstBlock"),
              count(each, "count"),
              (int) each.number("percent", 0, 100)));
    }
    return new DiskPicture.Forecast(forecast.text("summary"), ranges);
  }

  private static List<DiskPicture.Region> regions(List<JsonFields> objects)
      throws PictureSyntaxException {
    List<DiskPicture.Region> regions = new ArrayList<>();
    for (JsonFields each : objects) {
      regions.add(
          new DiskPicture.Region(
              count(each, "firstBlock"),
              count(each, "count"),
              (int) each.number("score", 0, 1000),
              each.text("detail")));
    }
    return regions;
  }

  private static List<LatencyHistogram.Bucket> latency(JsonFields root)
      throws PictureSyntaxException {
    String key = "latencyMicros";
    List<LatencyHistogram.Bucket> buckets = new ArrayList<>();
    long before = 0;
    for (Object each : root.list(key, LatencyHistogram.BUCKETS)) {
      boolean three =
          each instanceof List<?> list
              && list.size() == 3
              && list.stream().allMatch(n -> n instanceof Integer || n instanceof Long);
      root.require(three, key, "has something that is not three numbers");
      long low = ((Number) ((List<?>) each).get(0)).longValue();
      long high = ((Number) ((List<?>) each).get(1)).longValue();
      long count = ((Number) ((List<?>) each).get(2)).longValue();
      root.require(
          low >= before && high > low && high <= 1L << 40 && count > 0 && count <= 1L << 50,
          key,
          "has a bucket out of order");
      before = high;
      buckets.add(new LatencyHistogram.Bucket(low, high, count));
    }
    return buckets;
  }

  private static List<DiskPicture.Event> events(List<JsonFields> objects)
      throws PictureSyntaxException {
    List<DiskPicture.Event> events = new ArrayList<>();
    for (JsonFields each : objects) {
      Instant time = each.time("time");
      long block = each.has("block") ? count(each, "block") : -1;
      events.add(new DiskPicture.Event(time, each.text("kind"), block, each.text("message")));
    }
    return events;
  }

  private static Map<String, String> drive(@Nullable JsonFields drive)
      throws PictureSyntaxException {
    Map<String, String> facts = new LinkedHashMap<>();
    if (drive != null) {
      drive.require(drive.values().size() <= MAX_DRIVE_FACTS, "", "has too many facts");
      for (Object key : drive.values().keySet()) {
        facts.put(key.toString(), drive.text(key.toString()));
      }
    }
    return facts;
  }

  private static Surface surface(JsonFields fields, long blockCount) throws PictureSyntaxException {
    fields.number("blockCount", blockCount, blockCount);
    long perCell = Surface.blocksPerCell(blockCount);
    fields.number("blocksPerCell", perCell, perCell);
    int cells = (int) Surface.cellCount(blockCount, perCell);
    String codes = fields.longText("cells", cells);
    fields.require(codes.length() == cells, "cells", "does not have " + cells + " cells");
    CellState[] states = new CellState[cells];
    for (int cell = 0; cell < cells; cell++) {
      CellState state = CellState.of(codes.charAt(cell));
      if (state == null) {
        throw new PictureSyntaxException(
            "its field 'surface.cells' has a character that stands for nothing");
      }
      states[cell] = state;
    }
    long[] lost = sparse(fields, "lost", cells, perCell);
    long[] moved = sparse(fields, "moved", cells, perCell);
    try {
      return new Surface(blockCount, perCell, states, lost, moved);
    } catch (IllegalStateException e) {
      throw new PictureSyntaxException("its field 'surface' contradicts itself: " + e.getMessage());
    }
  }

  private static long[] sparse(JsonFields fields, String key, int cells, long perCell)
      throws PictureSyntaxException {
    long[] counts = new long[cells];
    String text = fields.longText(key, MAX_COUNTS);
    int cell = -1;
    for (int at = 0; at < text.length(); ) {
      int blank = text.indexOf(' ', at);
      int end = blank < 0 ? text.length() : blank;
      int colon = text.indexOf(':', at);
      boolean pair = colon > at && colon < end;
      long next = pair ? decimal(text, at, colon) : -1;
      long count = pair ? decimal(text, colon + 1, end) : -1;
      fields.require(
          next > cell && next < cells && count > 0 && count <= perCell,
          key,
          "is not cells and counts in order");
      cell = (int) next;
      counts[cell] = count;
      at = end + 1;
    }
    return counts;
  }

  /** A number without a sign, or -1. */
  private static long decimal(String text, int from, int to) {
    if (to == from || to - from > 15) {
      return -1;
    }
    long value = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
