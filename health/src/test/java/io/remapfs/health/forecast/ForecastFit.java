package io.remapfs.health.forecast;

import io.remapfs.health.forecast.SimulatedErrorDisk.Habit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the constants of {@link ForecastModel#FITTED} by the greatest likelihood on simulated disks
 * of its own seeds. Run by hand: {@code ForecastFit.main}.
 */
final class ForecastFit {
  /** The judgement's seeds begin far above. */
  static final long FIRST_SEED = 1;

  private final List<ForecastPoint> points = new ArrayList<>();

  private ForecastFit(int disks) {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + disks; seed++) {
      ForecastPoint.forEach(SimulatedErrorDisk.failures(seed, Habit.USUAL), points::add);
    }
  }

  /** Pairs of the logarithm of what is expected and of what came, growing. */
  private static final class Sample {
    private double[] logExpected = new double[1 << 16];
    private boolean[] came = new boolean[1 << 16];
    private int count;

    void add(double expected, boolean hasCome) {
      if (expected <= 0) {
        return;
      }
      if (count == came.length) {
        logExpected = Arrays.copyOf(logExpected, count * 2);
        came = Arrays.copyOf(came, count * 2);
      }
      logExpected[count] = Math.log(expected);
      came[count++] = hasCome;
    }
  }

  /** ln(scale), power, and the log-likelihood they reach. */
  private record Curve(double logScale, double power, double logLikelihood) {}

  /** Maximises the likelihood of P = 1 - exp(-scale * E^power) by Fisher scoring. */
  private static Curve fit(Sample sample) {
    double a = -1;
    double b = 1;
    for (int round = 0; round < 15; round++) {
      double ga = 0;
      double gb = 0;
      double haa = 1e-9;
      double hab = 0;
      double hbb = 1e-9;
      for (int i = 0; i < sample.count; i++) {
        double x = sample.logExpected[i];
        double hazard = Math.exp(Math.min(6, a + b * x));
        double p = Math.max(1e-12, -Math.expm1(-hazard));
        double score = sample.came[i] ? hazard * (1 - p) / p : -hazard;
        double weight = hazard * hazard * (1 - p) / p;
        ga += score;
        gb += score * x;
        haa += weight;
        hab += weight * x;
        hbb += weight * x * x;
      }
      double det = haa * hbb - hab * hab;
      a += Math.max(-1, Math.min(1, (hbb * ga - hab * gb) / det));
      b += Math.max(-0.5, Math.min(0.5, (haa * gb - hab * ga) / det));
    }
    double sum = 0;
    for (int i = 0; i < sample.count; i++) {
      double hazard = Math.exp(Math.min(6, a + b * sample.logExpected[i]));
      sum += sample.came[i] ? Math.log(Math.max(1e-12, -Math.expm1(-hazard))) : -hazard;
    }
    return new Curve(a, b, sum);
  }

  private Curve cells(ForecastModel model) {
    Forecaster forecaster = new Forecaster(model);
    Sample sample = new Sample();
    for (ForecastPoint point : points) {
      long cellBlocks = Forecaster.cellBlocks(model, point.history());
      Set<Long> coming = point.comingCells(cellBlocks);
      forecaster.forEachCell(
          point.history(),
          forecaster.sources(point.history(), point.nowMillis()),
          (cell, expected) -> sample.add(expected, coming.contains(cell)));
    }
    return fit(sample);
  }

  private Curve disks(ForecastModel model) {
    Forecaster forecaster = new Forecaster(model);
    Sample sample = new Sample();
    for (ForecastPoint point : points) {
      double strength =
          Forecaster.totalStrength(forecaster.sources(point.history(), point.nowMillis()));
      sample.add(strength, !point.coming().isEmpty());
    }
    return fit(sample);
  }

  private static ForecastModel model(double burst, double distance, double hours, double delay) {
    ForecastModel like = ForecastModel.FITTED;
    return new ForecastModel(
        like.horizon(),
        like.cellBytes(),
        like.radiusCells(),
        burst,
        distance,
        Duration.ofMinutes(Math.round(hours * 60)),
        delay,
        1,
        1,
        1,
        1);
  }

  public static void main(String[] args) {
    ForecastFit fit = new ForecastFit(Integer.parseInt(args[0]));
    System.out.println(fit.points.size() + " points");
    double[] at = {0.25, 1.5, 96, 0.7};
    double[][] steps = {{0, 0.25, 0.5}, {0.75, 1, 1.25, 1.5, 2}, {48, 96, 168}, {0.5, 0.7, 1, 1.5}};
    double best = Double.NEGATIVE_INFINITY;
    for (int round = 0; round < 1; round++) {
      for (int which = 0; which < at.length; which++) {
        double chosen = at[which];
        for (double value : steps[which]) {
          double[] trial = at.clone();
          trial[which] = value;
          Curve curve = fit.cells(model(trial[0], trial[1], trial[2], trial[3]));
          if (curve.logLikelihood() > best) {
            best = curve.logLikelihood();
            chosen = value;
          }
        }
        at[which] = chosen;
        System.out.println(Arrays.toString(at) + " " + best);
      }
    }
    ForecastModel model = model(at[0], at[1], at[2], at[3]);
    Curve cells = fit.cells(model);
    Curve disks = fit.disks(model);
    System.out.printf(
        Locale.ROOT,
        "scale %.4f power %.4f diskScale %.4f diskPower %.4f%n",
        Math.exp(cells.logScale()),
        cells.power(),
        Math.exp(disks.logScale()),
        disks.power());
  }
}
