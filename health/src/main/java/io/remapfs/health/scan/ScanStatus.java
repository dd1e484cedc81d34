package io.remapfs.health.scan;

import io.remapfs.health.ReportField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the scanner is doing, at one moment.
 *
 * @param state {@code off} (no tour, none planned), {@code idle}, {@code running}, {@code waiting}
 *     (something holds the tour up) or {@code paused} (by a user)
 * @param reason why it waits, or ""
 * @param mode of the tour, or of the last one
 * @param tour counts tours from 1; 0 before the first
 * @param doneBytes of the way
 * @param totalBytes the way's length
 * @param positionBytes where on the disk it reads
 * @param bytesPerSecond how fast it is, over the last seconds
 * @param etaSeconds until its end at that rate; -1 where unknown
 * @param startedAtMillis milliseconds since 1970, or 0
 * @param endedAtMillis milliseconds since 1970, or 0
 * @param nextAtMillis when the next tour begins; 0 for never by itself
 * @param readBytes read in this tour, the neighbours of errors too
 * @param salvaged blocks moved in time, in this tour
 * @param lost blocks found lost, in this tour
 * @param pending attempts on pending blocks that failed, in this tour
 * @param slowFound blocks slow for good, in this tour
 * @param slowMoved those of them that were moved
 * @param skippedSteps steps that were given up
 * @param faults steps that ended in an unexpected exception
 * @param unscannedBytes what no tour has read yet
 * @param fullTours full tours that came to their end
 * @param limits of this tour
 * @param givesWay why it is slower than its limits, or ""
 * @param medium how it gets past the kernel's cache
 */
public record ScanStatus(
    String state,
    String reason,
    ScanMode mode,
    long tour,
    long doneBytes,
    long totalBytes,
    long positionBytes,
    long bytesPerSecond,
    long etaSeconds,
    long startedAtMillis,
    long endedAtMillis,
    long nextAtMillis,
    long readBytes,
    long salvaged,
    long lost,
    long pending,
    long slowFound,
    long slowMoved,
    long skippedSteps,
    long faults,
    long unscannedBytes,
    long fullTours,
    ScanLimits limits,
    String givesWay,
    String medium) {
  /**
   * What there is to say.
   *
   * @param walk the way of the tour under way, or null
   * @param nextAtMillis when one begins by itself, or -1
   * @param waitsFor what holds it up, or ""
   */
  static ScanStatus of(
      TourState tour,
      @Nullable Walk walk,
      ScanTarget target,
      long nextAtMillis,
      String waitsFor,
      String givesWay,
      long bytesPerSecond) {
    long blockBytes = target.blockSizeBytes();
    boolean full = tour.mode == ScanMode.FULL;
    long total = walk == null ? target.blockCount() : walk.totalBlocks();
    long done = walk != null ? walk.doneBlocks() : tour.walked ? total : full ? tour.position : 0;
    boolean running = tour.stage == TourState.Stage.RUNNING;
    long left = (total - done) * blockBytes;
    TourState.Counts counts = tour.counts;
    return new ScanStatus(
        state(tour, nextAtMillis, waitsFor),
        waitsFor,
        tour.mode,
        tour.tour,
        done * blockBytes,
        total * blockBytes,
        tour.position * blockBytes,
        running ? bytesPerSecond : 0,
        running && bytesPerSecond > 0 ? left / bytesPerSecond : -1,
        tour.startedAtMillis,
        tour.endedAtMillis,
        Math.max(0, nextAtMillis),
        counts.readBytes,
        counts.salvaged,
        counts.lost + counts.unrecorded,
        counts.pending,
        counts.slowFound,
        counts.slowMoved,
        counts.skippedSteps,
        counts.faults,
        tour.unscanned.blocks() * blockBytes,
        tour.fullTours,
        tour.limits,
        givesWay,
        target.mediumAccess());
  }

  private static String state(TourState tour, long nextAtMillis, String waitsFor) {
    return switch (tour.stage) {
      case IDLE -> nextAtMillis < 0 ? "off" : "idle";
      case RUNNING -> waitsFor.isEmpty() ? "running" : "waiting";
      case PAUSED -> "paused";
    };
  }

  /** How much of the way is done: 0 to 100, rounded down to a tenth. */
  public double percent() {
    return totalBytes == 0 ? 100 : Math.floor(doneBytes * 1000.0 / totalBytes) / 10;
  }

  /** As the report has it: in JSON all of it, in text what fits a line or two. */
  public List<ReportField> fields() {
    List<ReportField> fields = new ArrayList<>();
    toMap().forEach((key, value) -> fields.add(new ReportField("scan." + key, "", value, "")));
    fields.replaceAll(
        field ->
            switch (field.path()) {
              case "scan.state" -> new ReportField(field.path(), "scan", field.value(), sentence());
              case "scan.lost" ->
                  new ReportField(field.path(), "scan found", field.value(), found());
              default -> field;
            });
    return fields;
  }

  /** "running, full, 12.5 %, ends in 1 h 3 min", as people say it. */
  public String sentence() {
    String way = mode.word() + ", " + percent() + " %";
    return switch (state) {
      case "running" ->
          state
              + ", "
              + way
              + (etaSeconds < 0 ? "" : ", ends in " + ScanTimes.duration(etaSeconds))
              + (givesWay.isEmpty() ? "" : "; slower because " + givesWay);
      case "waiting" -> state + ", " + way + ": " + reason;
      case "paused" -> state + ", " + way + "; go on with: remapfs scan resume";
      default ->
          (tour == 0 ? "none yet" : "last ended " + ScanTimes.instant(endedAtMillis))
              + (nextAtMillis == 0
                  ? "; none planned"
                  : ", next at " + ScanTimes.instant(nextAtMillis));
    };
  }

  private String found() {
    return salvaged + " salvaged, " + lost + " lost, " + slowFound + " slow";
  }

  /** As {@code status.json} and answers have it. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("state", state);
    map.put("reason", reason);
    map.put("mode", mode.word());
    map.put("tour", tour);
    map.put("percent", percent());
    map.put("doneBytes", doneBytes);
    map.put("totalBytes", totalBytes);
    map.put("positionBytes", positionBytes);
    map.put("bytesPerSecond", bytesPerSecond);
    map.put("etaSeconds", etaSeconds);
    map.put("startedAt", ScanTimes.instant(startedAtMillis));
    map.put("endedAt", ScanTimes.instant(endedAtMillis));
    map.put("nextAt", ScanTimes.instant(nextAtMillis));
    map.put("readBytes", readBytes);
    map.put("salvaged", salvaged);
    map.put("lost", lost);
    map.put("pending", pending);
    map.put("slowFound", slowFound);
    map.put("slowMoved", slowMoved);
    map.put("skippedSteps", skippedSteps);
    map.put("faults", faults);
    map.put("unscannedBytes", unscannedBytes);
    map.put("fullTours", fullTours);
    map.put("limitBytesPerSecond", limits.bytesPerSecond());
    map.put("limitCpuPercent", limits.cpuPercent());
    map.put("givesWay", givesWay);
    map.put("medium", medium);
    return map;
  }
}
