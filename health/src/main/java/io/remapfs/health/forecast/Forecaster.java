package io.remapfs.health.forecast;

import io.remapfs.health.forecast.Forecast.Confidence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Foretells bad blocks from bad blocks with a {@link ForecastModel}. Immutable and thread-safe; one
 * forecast takes milliseconds and at most a megabyte.
 */
public final class Forecaster {
  /** From this probability on, a cell is said to be at risk. */
  public static final double AT_RISK = 0.05;

  /** From this probability on, it is in danger: told of in an event, and moved ahead of time. */
  public static final double DANGER = 0.10;

  /** What is found in one cell within this time is one burst: one cause, met by one read. */
  private static final long BURST_MILLIS = 3_600_000;

  private final ForecastModel model;

  /** A forecaster with the constants that were fitted. */
  public Forecaster() {
    this(ForecastModel.FITTED);
  }

  Forecaster(ForecastModel model) {
    this.model = model;
  }

  /** What a cell's bursts lead to, summed up. */
  record Source(long cell, double strength) {}

  /** Receives the probability of each cell within reach of an error, in ascending order. */
  @FunctionalInterface
  interface CellVisitor {
    void visit(long cell, double expected);
  }

  /**
   * What is likely to fail from now on.
   *
   * @param nowMillis in milliseconds since 1970; errors that seem to come after it, because a clock
   *     was set, count as just found
   */
  public Forecast forecast(ErrorHistory history, long nowMillis) {
    List<Source> sources = sources(history, nowMillis);
    if (sources.isEmpty()) {
      return Forecast.nothing(nowMillis, model.horizon());
    }
    RangeCollector ranges = new RangeCollector(history);
    forEachCell(history, sources, ranges);
    ranges.finish();
    return new Forecast(
        nowMillis,
        model.horizon(),
        confidence(bursts(history)),
        model.diskProbability(totalStrength(sources)),
        ranges.blocks,
        ranges.worst());
  }

  /** The length of a cell in blocks. */
  static long cellBlocks(ForecastModel model, ErrorHistory history) {
    return Math.max(1, model.cellBytes() / history.blockSizeBytes());
  }

  static double totalStrength(List<Source> sources) {
    return sources.stream().mapToDouble(Source::strength).sum();
  }

  /** The cells with errors, in ascending order. */
  List<Source> sources(ErrorHistory history, long nowMillis) {
    long cellBlocks = cellBlocks(model, history);
    List<Source> sources = new ArrayList<>();
    List<BadPlace> places = history.places();
    for (int from = 0; from < places.size(); ) {
      long cell = places.get(from).blockIndex() / cellBlocks;
      int to = from;
      while (to < places.size() && places.get(to).blockIndex() / cellBlocks == cell) {
        to++;
      }
      sources.add(new Source(cell, strength(places.subList(from, to), nowMillis)));
      from = to;
    }
    return sources;
  }

  private double strength(List<BadPlace> sameCell, long nowMillis) {
    long[] times = sameCell.stream().mapToLong(BadPlace::seenMillis).sorted().toArray();
    double sum = 0;
    for (int from = 0; from < times.length; ) {
      int to = from;
      while (to < times.length && isSameBurst(times[from], times[to])) {
        to++;
      }
      sum += model.weight(to - from) * model.freshness(age(times[to - 1], nowMillis));
      from = to;
    }
    return sum;
  }

  /** The difference may overflow: then they are ages apart. */
  private static boolean isSameBurst(long firstMillis, long laterMillis) {
    long apart = laterMillis - firstMillis;
    return apart >= 0 && apart < BURST_MILLIS;
  }

  /** Not below 0, and without overflow whatever a clock says. */
  private static long age(long thenMillis, long nowMillis) {
    if (thenMillis >= nowMillis) {
      return 0;
    }
    long age = nowMillis - thenMillis;
    return age < 0 ? Long.MAX_VALUE : age;
  }

  /** Visits the cells that an error may lead to an error in. */
  void forEachCell(ErrorHistory history, List<Source> sources, CellVisitor visitor) {
    long lastCell = Math.max(0, history.blockCount() - 1) / cellBlocks(model, history);
    int radius = model.radiusCells();
    int window = 0;
    long next = 0;
    for (int at = 0; at < sources.size(); at++) {
      long end = Math.min(lastCell, sources.get(at).cell() + radius);
      for (long cell = Math.max(next, sources.get(at).cell() - radius); cell <= end; cell++) {
        while (sources.get(window).cell() < cell - radius) {
          window++;
        }
        double expected = 0;
        for (int i = window; i < sources.size() && sources.get(i).cell() <= cell + radius; i++) {
          Source source = sources.get(i);
          expected += source.strength() * model.nearness(Math.abs(source.cell() - cell));
        }
        visitor.visit(cell, expected);
      }
      next = Math.max(next, end + 1);
    }
  }

  /** How many times something was found bad: places of an hour count once, wherever they are. */
  private static int bursts(ErrorHistory history) {
    long[] times = history.places().stream().mapToLong(BadPlace::seenMillis).sorted().toArray();
    int bursts = 0;
    long first = 0;
    for (long time : times) {
      if (bursts == 0 || !isSameBurst(first, time)) {
        first = time;
        bursts++;
      }
    }
    return bursts;
  }

  private static Confidence confidence(int bursts) {
    if (bursts < 3) {
      return Confidence.LOW;
    }
    return bursts < 10 ? Confidence.MEDIUM : Confidence.HIGH;
  }

  /** Joins neighbouring cells at risk. */
  private final class RangeCollector implements CellVisitor {
    private final List<RiskRange> ranges = new ArrayList<>();
    private final long cellBlocks;
    private final long blockCount;
    private long blocks;
    private long first = -1;
    private long end;
    private double worst;

    RangeCollector(ErrorHistory history) {
      this.cellBlocks = cellBlocks(model, history);
      this.blockCount = history.blockCount();
    }

    @Override
    public void visit(long cell, double expected) {
      double probability = model.cellProbability(expected);
      if (probability < AT_RISK) {
        return;
      }
      if (first >= 0 && end != cell * cellBlocks) {
        finish();
      }
      if (first < 0) {
        first = cell * cellBlocks;
        worst = 0;
      }
      end = Math.min(blockCount, (cell + 1) * cellBlocks);
      worst = Math.max(worst, probability);
    }

    void finish() {
      if (first >= 0) {
        ranges.add(new RiskRange(first, end - first, worst));
        blocks += end - first;
        first = -1;
      }
    }

    List<RiskRange> worst() {
      RiskRange[] sorted = ranges.toArray(RiskRange[]::new);
      Arrays.sort(sorted, Comparator.comparingDouble(RiskRange::probability).reversed());
      return List.of(sorted).subList(0, Math.min(sorted.length, Forecast.MAX_RANGES));
    }
  }
}
