package io.remapfs.health.surface;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes {@code health.json}; {@link HealthJsonReader} reads it. Names are an interface that
 * scripts and saved files rely on: add to them, never rename.
 */
public final class HealthJson {
  /** What the field {@code format} says. */
  static final String FORMAT = "remapfs-health";

  /** Of the meaning of the fields; higher where an older reader would draw something wrong. */
  static final int FORMAT_VERSION = 1;

  /** Messages are cut here, so that no event makes the file large. */
  static final int MAX_TEXT = 300;

  private HealthJson() {}

  /** The picture as one object in UTF-8, ending in a line feed; under 300 KiB. */
  public static byte[] render(DiskPicture picture) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("format", FORMAT);
    root.put("formatVersion", FORMAT_VERSION);
    root.put("time", picture.time().toString());
    root.put("version", picture.version());
    root.put("backing", picture.backing());
    root.put("state", picture.state());
    root.put("reason", cut(picture.reason()));
    if (picture.verdict().score() >= 0) {
      root.put("score", picture.verdict().score());
      root.put("verdict", picture.verdict().word());
    }
    root.put(
        "image",
        object(
            "sizeBytes", picture.image().sizeBytes(),
            "blockSize", picture.image().blockSizeBytes()));
    root.put(
        "blocks",
        object(
            "remapped", picture.blocks().remapped(),
            "pending", picture.blocks().pending(),
            "salvaged", picture.blocks().salvaged()));
    root.put(
        "spare",
        object(
            "slots", picture.spare().slots(),
            "used", picture.spare().used(),
            "burnt", picture.spare().burnt()));
    addHealth(root, picture);
    root.put("surface", surface(picture.surface()));
    try {
      return (JSON.std.asString(root) + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("rendering to memory cannot fail", e);
    }
  }

  private static void addHealth(Map<String, Object> root, DiskPicture picture) {
    DiskPicture.@Nullable Scan scan = picture.scan();
    if (scan != null) {
      root.put(
          "scan",
          object(
              "state", scan.state(),
              "percent", Math.round(scan.percent() * 10) / 10.0,
              "detail", cut(scan.detail())));
    }
    DiskPicture.@Nullable Forecast forecast = picture.forecast();
    if (forecast != null) {
      List<Object> ranges = new ArrayList<>();
      for (DiskPicture.Range each : first(forecast.ranges(), DiskPicture.MAX_REGIONS)) {
        ranges.add(
            object(
                "firstBlock", each.firstBlock(),
                "count", each.count(),
                "percent", each.percent()));
      }
      root.put("forecast", object("summary", cut(forecast.summary()), "ranges", ranges));
    }
    List<Object> regions = new ArrayList<>();
    for (DiskPicture.Region each : first(picture.regions(), DiskPicture.MAX_REGIONS)) {
      regions.add(
          object(
              "firstBlock", each.firstBlock(),
              "count", each.count(),
              "score", each.score(),
              "detail", cut(each.detail())));
    }
    root.put("regions", regions);
    List<Object> latency = new ArrayList<>();
    for (LatencyHistogram.Bucket each : picture.latency()) {
      latency.add(List.of(each.lowMicros(), each.highMicros(), each.count()));
    }
    root.put("latencyMicros", latency);
    List<Object> events = new ArrayList<>();
    int count = picture.events().size();
    int from = Math.max(0, count - DiskPicture.MAX_EVENTS);
    for (DiskPicture.Event each : picture.events().subList(from, count)) {
      Map<String, Object> event = object("time", each.time().toString(), "kind", each.kind());
      if (each.block() >= 0) {
        event.put("block", each.block());
      }
      event.put("message", cut(each.message()));
      events.add(event);
    }
    root.put("events", events);
    root.put("drive", picture.drive());
  }

  private static Map<String, Object> surface(Surface surface) {
    return object(
        "blockCount", surface.blockCount(),
        "blocksPerCell", surface.blocksPerCell(),
        "cells", surface.codes(),
        "lost", sparse(surface, true),
        "moved", sparse(surface, false));
  }

  /** {@code cell:count}, divided by blanks, of the cells that have any. */
  private static String sparse(Surface surface, boolean lost) {
    StringBuilder text = new StringBuilder();
    for (int cell = 0; cell < surface.cells(); cell++) {
      long count = lost ? surface.lost(cell) : surface.moved(cell);
      if (count > 0) {
        text.append(text.isEmpty() ? "" : " ").append(cell).append(':').append(count);
      }
    }
    return text.toString();
  }

  private static <T> List<T> first(List<T> all, int most) {
    return all.subList(0, Math.min(most, all.size()));
  }

  private static String cut(String text) {
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT - 3) + "...";
  }

  private static Map<String, Object> object(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
