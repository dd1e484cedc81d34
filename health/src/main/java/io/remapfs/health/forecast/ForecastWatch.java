package io.remapfs.health.forecast;

import io.remapfs.engine.EngineStatus;
import io.remapfs.health.event.EventKind;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.HistorySample;
import io.remapfs.health.store.StateCell;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Keeps the forecast of a mounted disk up to date: soon after an error, and else once an hour. Says
 * in an event when something dangerous is foretold, once until it has changed.
 *
 * <p>Thread-safe; {@link #doWork} and {@link #finish} by one thread at a time, and never one that
 * serves I/O.
 */
public final class ForecastWatch {
  private static final Duration HOURLY = Duration.ofHours(1);

  /** A storm of errors is not foretold anew after each of them. */
  private static final Duration AT_MOST_EVERY = Duration.ofSeconds(10);

  private static final Duration SPARE_SOON = Duration.ofDays(30);

  /** From here on it is said, and below the other not any more: it does not flutter. */
  private static final double DISK_LIKELY = 0.5;

  private static final double DISK_UNLIKELY = 0.3;

  private final PlaceLog log;
  private final StateCell cell;
  private final EventLog events;
  private final Supplier<List<HistorySample>> samples;
  private final InstantSource clock;
  private final Forecaster forecaster = new Forecaster();

  private volatile Forecast blocks;
  private volatile SpareForecast spare = SpareForecast.notForeseeable("nothing is known yet");

  // Used by doWork only.
  private long madeOfChanges = -1;
  private long madeMillis;
  private long savedChanges;
  private List<RiskRange> toldRanges = List.of();
  private boolean toldSpare;
  private boolean toldDisk;

  /** A watch that goes on with what {@code cell} has kept. */
  public ForecastWatch(
      StateCell cell, EventLog events, Supplier<List<HistorySample>> samples, InstantSource clock) {
    this.log = new PlaceLog();
    this.cell = cell;
    this.events = events;
    this.samples = samples;
    this.clock = clock;
    this.blocks = Forecast.nothing(clock.millis(), ForecastModel.FITTED.horizon());
    log.restore(cell.load());
    savedChanges = log.changes();
  }

  /** Where and when the medium failed. */
  PlaceLog log() {
    return log;
  }

  /** Takes note of a block of the disk's medium that failed. Returns at once; for any thread. */
  public void noteError(long blockIndex) {
    log.add(blockIndex, clock.millis());
  }

  /** Which blocks are likely to fail, as of the last turn. */
  public Forecast blocks() {
    return blocks;
  }

  /** When the spare runs out, as of the last turn. */
  public SpareForecast spare() {
    return spare;
  }

  /** Blocks ever moved ahead of time. */
  public long preempted() {
    return log.preempted();
  }

  /** One turn. */
  public void doWork(EngineStatus engine) {
    long now = clock.millis();
    long changes = log.changes();
    long age = Math.abs(now - madeMillis);
    boolean first = madeOfChanges < 0;
    boolean changed = changes != madeOfChanges && age >= AT_MOST_EVERY.toMillis();
    if (!first && !changed && age < HOURLY.toMillis()) {
      return;
    }
    madeOfChanges = changes;
    madeMillis = now;
    save(changes);
    blocks = forecaster.forecast(history(engine, log.places()), now);
    spare = SpareForecaster.forecast(spareSamples(engine, now), engine.spareFree(), now);
    tellOfRanges();
    tellOfDisk();
    tellOfSpare(now);
  }

  static ErrorHistory history(EngineStatus engine, List<BadPlace> places) {
    return ErrorHistory.of(engine.sizeBytes(), engine.blockSizeBytes(), places);
  }

  private List<SpareSample> spareSamples(EngineStatus engine, long now) {
    List<SpareSample> used = new ArrayList<>();
    for (HistorySample each : samples.get()) {
      used.add(new SpareSample(each.time().toEpochMilli(), each.spareUsed()));
    }
    used.add(new SpareSample(now, engine.spareUsed()));
    return used;
  }

  /** Keeps what is not yet kept. */
  public void finish() {
    save(log.changes());
  }

  private void save(long changes) {
    if (changes != savedChanges) {
      cell.save(log.toState());
      savedChanges = changes;
    }
  }

  private void tellOfRanges() {
    List<RiskRange> dangerous =
        blocks.ranges().stream().filter(e -> e.probability() >= Forecaster.DANGER).toList();
    List<RiskRange> fresh = dangerous.stream().filter(this::isNotTold).toList();
    if (!fresh.isEmpty()) {
      RiskRange worst = fresh.get(0);
      String more = fresh.size() == 1 ? "" : ", and so are " + (fresh.size() - 1) + " more places";
      events.publish(
          EventKind.FORECAST,
          worst.firstBlock(),
          -1,
          String.format(
              Locale.ROOT,
              "blocks %d to %d are in danger: %d %% that more of them fail within %d days%s",
              worst.firstBlock(),
              worst.endBlock() - 1,
              Math.round(worst.probability() * 100),
              blocks.horizon().toDays(),
              more));
    }
    toldRanges = dangerous;
  }

  /** A range that was told of may have grown: it is still the same trouble. */
  private boolean isNotTold(RiskRange range) {
    return toldRanges.stream()
        .noneMatch(
            told -> told.firstBlock() < range.endBlock() && range.firstBlock() < told.endBlock());
  }

  private void tellOfDisk() {
    double probability = blocks.newErrorProbability();
    if (probability >= DISK_LIKELY && !toldDisk) {
      events.publish(
          EventKind.FORECAST,
          String.format(
              Locale.ROOT,
              "the disk goes on failing: %d %% that more bad blocks are found within %d days",
              Math.round(probability * 100),
              blocks.horizon().toDays()));
      toldDisk = true;
    } else if (probability < DISK_UNLIKELY) {
      toldDisk = false;
    }
  }

  private void tellOfSpare(long now) {
    boolean soon = spare.foreseeable() && spare.exhaustedMillis() - now < SPARE_SOON.toMillis();
    if (soon && !toldSpare) {
      events.publish(
          EventKind.FORECAST,
          "the spare runs out about "
              + date(spare.exhaustedMillis())
              + " if it goes on like this; add another one with: remapfs add-spare");
    }
    toldSpare = soon;
  }

  /** The day, in UTC. */
  static String date(long millis) {
    return Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC).toLocalDate().toString();
  }
}
