package io.remapfs.health.forecast;

import io.remapfs.health.forecast.Forecast.Confidence;
import io.remapfs.health.forecast.Forecaster.Source;
import io.remapfs.health.forecast.SimulatedErrorDisk.Habit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Compares what was foretold with what came, on simulated disks that the model was not fitted to,
 * and with what simpler rules foretell. Run by hand for more disks: {@code main DISKS}.
 */
final class ForecastJudgement {
  /** Far from those of {@link ForecastFit}. */
  static final long FIRST_SEED = 1_000_000;

  /** How right a rule was. */
  static final class Tally {
    long flagged;
    long right;
    long flaggedBlocks;
    long rightBlocks;

    double precision() {
      return right / (double) Math.max(1, flagged);
    }

    double blockPrecision() {
      return rightBlocks / (double) Math.max(1, flaggedBlocks);
    }
  }

  /** What was said, and how often it came true, of forecasts of about the same probability. */
  static final class Bin {
    long count;
    double said;
    long came;

    void add(double probability, boolean hasCome) {
      count++;
      said += probability;
      came += hasCome ? 1 : 0;
    }

    double meanSaid() {
      return said / Math.max(1, count);
    }

    double meanCame() {
      return came / (double) Math.max(1, count);
    }
  }

  static final double[] EDGES = {0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.01};
  static final double LIKELY = 0.3;
  static final double[] THRESHOLDS = {0.05, 0.1, 0.2, 0.3, 0.5};

  final Habit habit;
  final Forecaster forecaster = new Forecaster();
  final DiskStatistics disks = new DiskStatistics();
  final Tally[] ours = new Tally[THRESHOLDS.length];
  final Tally[] sameCountErrors = new Tally[THRESHOLDS.length];
  final Tally everyError = new Tally();
  final Tally tenMegabytes = new Tally();
  final Bin[] cellBins = bins();
  final Bin[] diskBins = bins();
  final Tally likelyDisks = new Tally();
  final Tally freshDisks = new Tally();
  final Map<Confidence, Bin> byConfidence = new EnumMap<>(Confidence.class);
  long points;
  long pointsWithComing;
  long comingCells;
  long comingBlocks;
  long cellsOfPoints;

  ForecastJudgement(Habit habit, int diskCount) {
    this.habit = habit;
    for (int i = 0; i < THRESHOLDS.length; i++) {
      ours[i] = new Tally();
      sameCountErrors[i] = new Tally();
    }
    for (Confidence each : Confidence.values()) {
      byConfidence.put(each, new Bin());
    }
    for (long seed = FIRST_SEED; seed < FIRST_SEED + diskCount; seed++) {
      List<SimulatedErrorDisk.Failure> failures = SimulatedErrorDisk.failures(seed, habit);
      disks.add(failures);
      ForecastPoint.forEach(failures, this::judge);
    }
  }

  private static Bin[] bins() {
    Bin[] bins = new Bin[EDGES.length - 1];
    for (int i = 0; i < bins.length; i++) {
      bins[i] = new Bin();
    }
    return bins;
  }

  private static Bin binOf(Bin[] bins, double probability) {
    int at = 0;
    while (probability >= EDGES[at + 1]) {
      at++;
    }
    return bins[at];
  }

  private void judge(ForecastPoint point) {
    ErrorHistory history = point.history();
    ForecastModel model = ForecastModel.FITTED;
    long cellBlocks = Forecaster.cellBlocks(model, history);
    Set<Long> coming = point.comingCells(cellBlocks);
    points++;
    pointsWithComing += coming.isEmpty() ? 0 : 1;
    comingCells += coming.size();
    comingBlocks += point.coming().size();
    cellsOfPoints += history.blockCount() / cellBlocks;
    List<Source> sources = forecaster.sources(history, point.nowMillis());
    Forecast forecast = forecaster.forecast(history, point.nowMillis());
    binOf(diskBins, forecast.newErrorProbability())
        .add(forecast.newErrorProbability(), !coming.isEmpty());
    tallyDisk(likelyDisks, forecast.newErrorProbability() >= LIKELY, !coming.isEmpty());
    tallyDisk(freshDisks, isFresh(point), !coming.isEmpty());
    byConfidence.get(forecast.confidence()).add(forecast.newErrorProbability(), !coming.isEmpty());
    List<Set<Long>> flagged = new ArrayList<>();
    for (int i = 0; i < THRESHOLDS.length; i++) {
      flagged.add(new HashSet<>());
    }
    Set<Long> near = new HashSet<>();
    forecaster.forEachCell(
        history,
        sources,
        (cell, expected) -> {
          double probability = model.cellProbability(expected);
          binOf(cellBins, probability).add(probability, coming.contains(cell));
          near.add(cell);
          for (int i = 0; i < THRESHOLDS.length; i++) {
            if (probability >= THRESHOLDS[i]) {
              flagged.get(i).add(cell);
            }
          }
        });
    List<Source> newest = new ArrayList<>(sources);
    newest.sort(Comparator.comparingDouble(Source::strength).reversed());
    List<Long> withErrors = newest.stream().map(Source::cell).toList();
    for (int i = 0; i < THRESHOLDS.length; i++) {
      tally(ours[i], flagged.get(i), coming, point, cellBlocks);
      List<Long> asMany = withErrors.subList(0, Math.min(withErrors.size(), flagged.get(i).size()));
      tally(sameCountErrors[i], new HashSet<>(asMany), coming, point, cellBlocks);
    }
    tally(everyError, new HashSet<>(withErrors), coming, point, cellBlocks);
    tally(tenMegabytes, near, coming, point, cellBlocks);
  }

  /** The simplest rule for a disk: where something failed within a week, more will. */
  private static boolean isFresh(ForecastPoint point) {
    long weekAgo = point.nowMillis() - Duration.ofDays(7).toMillis();
    return point.history().places().stream().anyMatch(each -> each.seenMillis() > weekAgo);
  }

  private static void tallyDisk(Tally tally, boolean flagged, boolean came) {
    tally.flagged += flagged ? 1 : 0;
    tally.right += flagged && came ? 1 : 0;
  }

  private static void tally(
      Tally tally, Set<Long> flagged, Set<Long> coming, ForecastPoint point, long cellBlocks) {
    tally.flagged += flagged.size();
    tally.flaggedBlocks += flagged.size() * cellBlocks;
    tally.right += flagged.stream().filter(coming::contains).count();
    tally.rightBlocks +=
        point.coming().stream().filter(block -> flagged.contains(block / cellBlocks)).count();
  }

  double recall(Tally tally) {
    return tally.right / (double) Math.max(1, comingCells);
  }

  double blockRecall(Tally tally) {
    return tally.rightBlocks / (double) Math.max(1, comingBlocks);
  }

  /** The precision of cells that are drawn at random. */
  double chance() {
    return comingCells / (double) cellsOfPoints;
  }

  private String row(String rule, Tally tally) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.3f | %.3f | %.0f | %.4f | %.3f |%n",
        rule,
        tally.flagged,
        tally.precision(),
        recall(tally),
        tally.precision() / chance(),
        tally.blockPrecision(),
        blockRecall(tally));
  }

  double diskRecall(Tally tally) {
    return tally.right / (double) Math.max(1, pointsWithComing);
  }

  private String diskRow(String rule, Tally tally) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.3f | %.3f |%n",
        rule,
        tally.flagged,
        tally.precision(),
        diskRecall(tally));
  }

  private static void table(StringBuilder text, Bin[] bins) {
    for (int i = 0; i < bins.length; i++) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %.2f to %.2f | %d | %.3f | %.3f |%n",
              EDGES[i],
              Math.min(1, EDGES[i + 1]),
              bins[i].count,
              bins[i].meanSaid(),
              bins[i].meanCame()));
    }
  }

  /** The tables of docs/health.md. */
  String report() {
    StringBuilder text = new StringBuilder();
    text.append(habit).append(", seeds from ").append(FIRST_SEED).append(": ").append(disks);
    text.append(
        String.format(
            Locale.ROOT,
            "%n%d forecasts, %d followed by errors; %d cells and %d blocks came; by chance %.2g%n",
            points,
            pointsWithComing,
            comingCells,
            comingBlocks,
            chance()));
    text.append("| rule | cells | precision | recall | lift | block precision | block recall |\n");
    for (int i = 0; i < THRESHOLDS.length; i++) {
      text.append(row("at least " + THRESHOLDS[i], ours[i]));
      text.append(row("as many of those with the freshest errors", sameCountErrors[i]));
    }
    text.append(row("every cell with an error", everyError));
    text.append(row("all within 10 MiB of an error", tenMegabytes));
    text.append("cells\n");
    table(text, cellBins);
    text.append("disks\n");
    table(text, diskBins);
    text.append(diskRow("at least " + LIKELY, likelyDisks));
    text.append(diskRow("an error within the last week", freshDisks));
    text.append(String.format(Locale.ROOT, "always: %.3f%n", pointsWithComing / (double) points));
    byConfidence.forEach(
        (confidence, bin) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "%s: %d forecasts, said %.3f, came %.3f%n",
                    confidence,
                    bin.count,
                    bin.meanSaid(),
                    bin.meanCame())));
    return text.toString();
  }

  public static void main(String[] args) {
    for (Habit habit : List.of(Habit.USUAL, Habit.SCATTERED)) {
      System.out.println(new ForecastJudgement(habit, Integer.parseInt(args[0])).report());
    }
  }
}
