package io.remapfs.health.forecast;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A disk whose sectors fail as field studies found that they do: in few bursts that are close
 * together in space and time, with power laws for lengths, gaps and pauses. Not the forecaster's
 * own model: errors come from defects that grow and end, not from one another's kernels.
 *
 * <p>What is published, and what is assumed here, is told in docs/health.md.
 */
final class SimulatedErrorDisk {
  static final int BLOCK_BYTES = 4096;
  static final long SIZE_BYTES = 1L << 40;
  static final long BLOCKS = SIZE_BYTES / BLOCK_BYTES;
  static final long LIFE_MILLIS = Duration.ofDays(240).toMillis();
  static final long NEIGHBOUR_BLOCKS = (10L << 20) / BLOCK_BYTES;

  private static final long WEEK_MILLIS = Duration.ofDays(7).toMillis();
  private static final long SCAN_MILLIS = Duration.ofHours(8).toMillis();
  private static final double MINUTE = 60_000;
  private static final double DAY = 86_400_000;
  private static final int MAX_ERRORS = 3000;

  /**
   * What is not published, or differs between models.
   *
   * @param elsewhere the share of a defect's bursts that are not near it
   * @param gapExponent of the power law of the distance between bursts that are near
   * @param pauseExponent of the power law of the time between bursts
   */
  record Habit(double elsewhere, double gapExponent, double pauseExponent) {
    static final Habit USUAL = new Habit(0.5, 0.4, 0.7);

    /** Errors further apart, and slower to follow. */
    static final Habit SCATTERED = new Habit(0.7, 0.25, 0.4);
  }

  /** One block's failure: when it happened, and when somebody noticed. */
  static final class Failure {
    final long block;
    final long occurredMillis;
    long seenMillis;

    Failure(long block, long occurredMillis) {
      this.block = block;
      this.occurredMillis = occurredMillis;
    }
  }

  private final SplittableRandom random;
  private final Habit habit;
  private final Set<Long> bad = new HashSet<>();
  private final List<Failure> failures = new ArrayList<>();

  private SimulatedErrorDisk(long seed, Habit habit) {
    this.random = new SplittableRandom(seed);
    this.habit = habit;
  }

  /** The failures of a disk that has at least one, in the order in which they are seen. */
  static List<Failure> failures(long seed, Habit habit) {
    SimulatedErrorDisk disk = new SimulatedErrorDisk(seed, habit);
    disk.live();
    disk.see();
    return disk.failures;
  }

  private void live() {
    int episodes = random.nextDouble() < 0.2 ? 2 : 1;
    for (int i = 0; i < episodes; i++) {
      double onset = random.nextDouble() * 0.6 * LIFE_MILLIS;
      if (random.nextDouble() < 0.3) {
        fail(centre(), onset);
        continue;
      }
      int defects = random.nextDouble() < 0.7 ? 1 : (int) Math.min(20, pareto(1, 1.2));
      for (int d = 0; d < defects; d++) {
        double from = d == 0 ? onset : onset + Math.min(14 * DAY, pareto(60 * MINUTE, 0.6));
        defect(centre(), from);
      }
    }
  }

  /** The first tenth of a disk is worse than the rest (Schroeder et al. 2010). */
  private long centre() {
    double part = random.nextDouble() < 0.3 ? random.nextDouble() / 10 : random.nextDouble();
    return (long) (part * BLOCKS);
  }

  private void defect(long centre, double onset) {
    int bursts = (int) Math.min(200, pareto(1, 0.9));
    long[] heads = new long[bursts];
    heads[0] = centre;
    double time = onset;
    for (int i = 0; i < bursts && time < LIFE_MILLIS; i++) {
      if (i > 0) {
        long gap = (long) Math.min(BLOCKS, pareto(1, habit.gapExponent));
        long near = heads[random.nextInt(i)] + (random.nextBoolean() ? gap : -gap);
        heads[i] = random.nextDouble() < habit.elsewhere ? centre() : near;
      }
      int length = (int) Math.min(300, pareto(1, 2));
      for (int b = 0; b < length; b++) {
        fail(heads[i] + b, time);
      }
      time += Math.min(60 * DAY, pareto(10 * MINUTE, habit.pauseExponent));
    }
  }

  private void fail(long block, double time) {
    boolean inside = block >= 0 && block < BLOCKS && time < LIFE_MILLIS;
    if (inside && failures.size() < MAX_ERRORS && bad.add(block)) {
      failures.add(new Failure(block, (long) time));
    }
  }

  private double pareto(double least, double exponent) {
    return least * Math.pow(1 - random.nextDouble(), -1 / exponent);
  }

  /**
   * A weekly scan finds three of four, the user's reads the others; and what is found bad makes the
   * scanner look at its neighbours at once.
   */
  private void see() {
    for (Failure each : failures) {
      boolean met = random.nextDouble() < 0.23;
      each.seenMillis = met ? each.occurredMillis + (long) pareto(MINUTE, 1) : nextScan(each);
    }
    failures.sort(Comparator.comparingLong(f -> f.block));
    // Seeing one shows others, which shows others: until nothing changes.
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int i = 0; i < failures.size(); i++) {
        changed |= showNeighbours(i, 1) | showNeighbours(i, -1);
      }
    }
    failures.sort(Comparator.comparingLong(f -> f.seenMillis));
  }

  private boolean showNeighbours(int index, int step) {
    Failure seen = failures.get(index);
    boolean changed = false;
    for (int i = index + step; i >= 0 && i < failures.size(); i += step) {
      Failure other = failures.get(i);
      if (Math.abs(other.block - seen.block) > NEIGHBOUR_BLOCKS) {
        break;
      }
      if (other.occurredMillis <= seen.seenMillis && other.seenMillis > seen.seenMillis) {
        other.seenMillis = seen.seenMillis;
        changed = true;
      }
    }
    return changed;
  }

  private static long nextScan(Failure failure) {
    long offset = (long) ((double) failure.block / BLOCKS * SCAN_MILLIS);
    long passes = Math.max(0, -Math.floorDiv(offset - failure.occurredMillis, WEEK_MILLIS));
    return passes * WEEK_MILLIS + offset;
  }
}
