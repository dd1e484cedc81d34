package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.health.BlockRangeList;
import io.remapfs.health.DiskScore;
import io.remapfs.health.drive.DriveFacts;
import io.remapfs.health.event.DiskEvent;
import io.remapfs.health.forecast.DiskForecast;
import io.remapfs.health.forecast.Forecast;
import io.remapfs.health.forecast.Forecaster;
import io.remapfs.health.forecast.RiskRange;
import io.remapfs.health.forecast.SpareForecast;
import io.remapfs.health.region.RegionHealth;
import io.remapfs.health.region.Score;
import io.remapfs.health.region.Verdict;
import io.remapfs.health.scan.ScanMode;
import io.remapfs.health.scan.ScanStatus;
import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.HealthJson;
import io.remapfs.health.surface.SurfaceBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@code health.json} of what the parts of the daemon know.
 *
 * <p>It is made when somebody looks, which goes through all that is known of the disk: milliseconds
 * as a rule. Where it takes longer than {@value #QUICK_MILLIS} of them, what was made is shown
 * again for {@value #REST} times as long as it took, so that a program that looks without a pause
 * cannot keep a core busy; and one is made at a time.
 *
 * <p>Thread-safe.
 */
final class HealthReport {
  private static final int REST = 10;
  private static final long QUICK_MILLIS = 20;

  private final RemapEngine engine;
  private final DiskHealth health;
  private final ScanService scans;
  private final String backing;
  private final String version;

  private byte[] latest = {};
  private long madeAtNanos;
  private long tookNanos;

  HealthReport(
      RemapEngine engine, DiskHealth health, ScanService scans, String backing, String version) {
    this.engine = engine;
    this.health = health;
    this.scans = scans;
    this.backing = backing;
    this.version = version;
  }

  synchronized byte[] render() {
    long now = System.nanoTime();
    boolean quick = tookNanos <= TimeUnit.MILLISECONDS.toNanos(QUICK_MILLIS);
    if (quick || now - madeAtNanos >= REST * tookNanos) {
      latest = HealthJson.render(picture());
      madeAtNanos = System.nanoTime();
      tookNanos = madeAtNanos - now;
    }
    return latest;
  }

  private DiskPicture picture() {
    EngineStatus status = engine.status();
    long blockCount = Math.max(1, status.sizeBytes() / status.blockSizeBytes());
    SurfaceBuilder surface = new SurfaceBuilder(blockCount);
    engine.forEachEntry(surface);
    ScanStatus scan = scans.scanner().status();
    Instant now = Instant.now();
    addScanned(surface, blockCount, scan, now);
    addRecords(surface, now);
    DiskScore score = health.score(status);
    return new DiskPicture(
        now,
        version,
        backing,
        status.state().name(),
        status.reason(),
        new DiskPicture.Verdict(score.score(), score.verdict().toString()),
        new DiskPicture.Image(status.sizeBytes(), status.blockSizeBytes()),
        new DiskPicture.Blocks(
            status.remappedBlocks(), status.pendingBlocks(), status.salvagedBlocks()),
        new DiskPicture.Spare(status.spareSlots(), status.spareUsed(), status.spareBurnt()),
        new DiskPicture.Scan(scan.state(), scan.percent(), scan.sentence()),
        forecast(surface),
        worstRegions(),
        scans.scanner().latencies().buckets(),
        newestEvents(),
        driveFacts(),
        surface.build());
  }

  /**
   * A block that some tour has read was read by the last full one, or since its beginning. (Other
   * tours read a few blocks more; those are taken for older than they are.)
   */
  private void addScanned(SurfaceBuilder surface, long blockCount, ScanStatus scan, Instant now) {
    boolean inTime = scan.mode() == ScanMode.FULL && isRecent(scan.startedAtMillis(), now);
    long doneEnd = inTime ? scan.doneBytes() / engine.blockSizeBytes() : 0;
    boolean restIsRecent = isRecent(scans.scanner().lastFullTourAtMillis(), now);
    long[] at = {0};
    BlockRangeList.Visitor read =
        (first, end) -> {
          long split = Math.min(end, Math.max(first, doneEnd));
          surface.scanned(first, split - first, true);
          surface.scanned(split, end - split, restIsRecent);
        };
    scans.forEachUnscanned(
        (first, end) -> {
          read.visit(at[0], first);
          at[0] = end;
        });
    read.visit(at[0], blockCount);
  }

  private static boolean isRecent(long millis, Instant now) {
    Duration age = Duration.between(Instant.ofEpochMilli(millis), now);
    return age.compareTo(SurfaceBuilder.RECENT) <= 0;
  }

  /** A record's score is its whole region's: what of it is bad is not kept. */
  private void addRecords(SurfaceBuilder surface, Instant now) {
    int shift = health.map().geometry().regionShift();
    health
        .map()
        .forEachRecord(
            (region, record) -> {
              long first = (long) region << shift;
              long count = 1L << shift;
              Verdict verdict = Verdict.of(Score.ofRegion(record, now));
              if (verdict != Verdict.GOOD) {
                boolean danger = verdict == Verdict.DANGER;
                surface.raiseRegion(first, count, danger ? CellState.DANGER : CellState.AT_RISK);
              } else if (record.slowIos() > 0) {
                surface.raiseRegion(first, count, CellState.SLOW);
              }
            });
  }

  private DiskPicture.@Nullable Forecast forecast(SurfaceBuilder surface) {
    DiskForecast forecast = health.forecasting().get();
    Forecast blocks = forecast.blocks();
    SpareForecast spare = forecast.spare();
    if (blocks.confidence() == Forecast.Confidence.NONE && !spare.foreseeable()) {
      return null;
    }
    List<DiskPicture.Range> ranges = new ArrayList<>();
    for (RiskRange each : blocks.ranges()) {
      boolean danger = each.probability() >= Forecaster.DANGER;
      CellState state = danger ? CellState.DANGER : CellState.AT_RISK;
      surface.raise(each.firstBlock(), each.blockCount(), state);
      int percent = (int) Math.round(each.probability() * 100);
      ranges.add(new DiskPicture.Range(each.firstBlock(), each.blockCount(), percent));
    }
    String summary =
        String.format(
            Locale.ROOT,
            "%.0f %% likely that more blocks go bad within %d days (confidence %s). The spare %s.",
            blocks.newErrorProbability() * 100,
            blocks.horizon().toDays(),
            blocks.confidence().name().toLowerCase(Locale.ROOT),
            spare.foreseeable()
                ? "will last until about " + day(spare.exhaustedMillis())
                : "gives no reason to say when it runs out");
    return new DiskPicture.Forecast(summary, ranges);
  }

  private static String day(long millis) {
    return Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC).toLocalDate().toString();
  }

  private List<DiskPicture.Region> worstRegions() {
    int shift = health.map().geometry().regionShift();
    return health.regions().worst().stream()
        .map(
            each ->
                new DiskPicture.Region(
                    (long) each.region() << shift,
                    1L << shift,
                    each.score(),
                    detail(each.health())))
        .toList();
  }

  private static String detail(RegionHealth record) {
    return record.readErrors()
        + " read and "
        + record.writeErrors()
        + " write errors, "
        + record.slowIos()
        + " slow reads, "
        + record.salvaged()
        + " salvaged, "
        + record.lost()
        + " lost";
  }

  private Map<String, String> driveFacts() {
    DriveFacts drive = health.drive();
    Map<String, String> facts = new LinkedHashMap<>();
    if (!drive.model().isEmpty()) {
      facts.put("model", drive.model());
    }
    switch (drive.passed()) {
      case YES -> facts.put("its own verdict", "passed");
      case NO -> facts.put("its own verdict", "FAILED");
      case UNKNOWN -> {}
    }
    put(facts, "reallocated (5)", drive.reallocatedSectors());
    put(facts, "pending (197)", drive.pendingSectors());
    put(facts, "uncorrectable (198)", drive.uncorrectableSectors());
    put(facts, "media errors", drive.mediaErrors());
    put(facts, "wear in percent", drive.percentageUsed());
    put(facts, "power-on hours", drive.powerOnHours());
    put(facts, "temperature in °C", drive.temperatureCelsius());
    return facts;
  }

  private static void put(Map<String, String> facts, String name, long value) {
    if (value != DriveFacts.UNKNOWN) {
      facts.put(name, Long.toString(value));
    }
  }

  private List<DiskPicture.Event> newestEvents() {
    List<DiskEvent> all = health.events().events();
    return all.subList(Math.max(0, all.size() - DiskPicture.MAX_EVENTS), all.size()).stream()
        .map(
            each ->
                new DiskPicture.Event(
                    each.time(), each.kind().name(), each.blockIndex(), each.message()))
        .toList();
  }
}
