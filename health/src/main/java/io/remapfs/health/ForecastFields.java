package io.remapfs.health;

import io.remapfs.health.forecast.DiskForecast;
import io.remapfs.health.forecast.Forecast;
import io.remapfs.health.forecast.RiskRange;
import io.remapfs.health.forecast.SpareForecast;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a report says of a {@link DiskForecast}: the fields {@code forecast.*}. Pure functions. */
public final class ForecastFields {
  /** The number of ranges that the report names, the worst first; the text names fewer. */
  static final int RANGES = 16;

  private static final int RANGES_IN_TEXT = 3;
  private static final String NOT_FORESEEABLE = "not foreseeable";

  private ForecastFields() {}

  /** The fields, in the order in which they are printed. */
  public static List<ReportField> of(DiskForecast forecast) {
    Forecast blocks = forecast.blocks();
    List<ReportField> fields = new ArrayList<>();
    String within = " % within " + blocks.horizon().toDays() + " days";
    fields.add(
        ReportField.of(
            "forecast.confidence",
            "forecast confidence",
            blocks.confidence().name().toLowerCase(Locale.ROOT)));
    fields.add(
        new ReportField(
            "forecast.newErrorPercent",
            "more bad blocks",
            percent(blocks.newErrorProbability()),
            percent(blocks.newErrorProbability()) + within));
    fields.add(ReportField.of("forecast.horizonDays", "", blocks.horizon().toDays()));
    fields.add(ReportField.of("forecast.blocksAtRisk", "blocks at risk", blocks.blocksAtRisk()));
    fields.add(
        new ReportField("forecast.ranges", "ranges at risk", ranges(blocks), rangesText(blocks)));
    addSpare(fields, forecast.spare());
    fields.add(ReportField.of("forecast.preempted", "blocks moved ahead", forecast.preempted()));
    fields.add(ReportField.of("forecast.preemption", "moving ahead", forecast.preemption()));
    return fields;
  }

  private static long percent(double probability) {
    return Math.round(probability * 100);
  }

  private static List<Map<String, Object>> ranges(Forecast blocks) {
    List<Map<String, Object>> ranges = new ArrayList<>();
    for (RiskRange each : blocks.ranges().subList(0, Math.min(RANGES, blocks.ranges().size()))) {
      Map<String, Object> range = new LinkedHashMap<>();
      range.put("first", each.firstBlock());
      range.put("count", each.blockCount());
      range.put("percent", percent(each.probability()));
      ranges.add(range);
    }
    return ranges;
  }

  private static String rangesText(Forecast blocks) {
    List<String> words = new ArrayList<>();
    for (RiskRange each : blocks.ranges()) {
      if (words.size() == RANGES_IN_TEXT) {
        words.add((blocks.ranges().size() - RANGES_IN_TEXT) + " more");
        break;
      }
      words.add(
          each.firstBlock()
              + "-"
              + (each.endBlock() - 1)
              + " ("
              + percent(each.probability())
              + " %)");
    }
    return words.isEmpty() ? "none" : String.join(", ", words);
  }

  private static void addSpare(List<ReportField> fields, SpareForecast spare) {
    String most = day(spare.exhaustedMillis());
    String text =
        spare.foreseeable()
            ? "about "
                + most
                + " ("
                + day(spare.earliestMillis())
                + " to "
                + day(spare.latestMillis())
                + ")"
            : NOT_FORESEEABLE + ": " + spare.reason();
    fields.add(new ReportField("forecast.spareEnds", "spare runs out", most, text));
    fields.add(ReportField.of("forecast.spareEndsEarliest", "", day(spare.earliestMillis())));
    fields.add(ReportField.of("forecast.spareEndsLatest", "", day(spare.latestMillis())));
  }

  private static String day(long millis) {
    return millis == SpareForecast.NEVER
        ? NOT_FORESEEABLE
        : DateTimeFormatter.ISO_LOCAL_DATE.format(
            Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
  }
}
