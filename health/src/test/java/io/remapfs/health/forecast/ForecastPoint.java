package io.remapfs.health.forecast;

import io.remapfs.health.forecast.SimulatedErrorDisk.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A moment in a simulated disk's life: what was known then, and what came.
 *
 * @param nowMillis the moment
 * @param history what had been seen
 * @param coming the blocks that are seen to fail within the horizon
 */
record ForecastPoint(long nowMillis, ErrorHistory history, Set<Long> coming) {
  static final Duration HORIZON = ForecastModel.FITTED.horizon();

  /** An hour after the first error was seen, and then days later. */
  private static final int[] DAYS = {0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 17, 21, 25, 30, 40, 50, 60};

  static void forEach(List<Failure> failures, Consumer<ForecastPoint> visitor) {
    for (int days : DAYS) {
      if (failures.isEmpty()) {
        return;
      }
      long now = failures.get(0).seenMillis + (days * 24L + 1) * 3_600_000L;
      if (now + HORIZON.toMillis() < SimulatedErrorDisk.LIFE_MILLIS) {
        visitor.accept(of(failures, now));
      }
    }
  }

  private static ForecastPoint of(List<Failure> failures, long now) {
    List<BadPlace> seen = new ArrayList<>();
    Set<Long> coming = new HashSet<>();
    for (Failure each : failures) {
      if (each.seenMillis <= now) {
        seen.add(new BadPlace(each.block, each.seenMillis));
      } else if (each.seenMillis <= now + HORIZON.toMillis()) {
        coming.add(each.block);
      }
    }
    ErrorHistory history =
        ErrorHistory.of(SimulatedErrorDisk.SIZE_BYTES, SimulatedErrorDisk.BLOCK_BYTES, seen);
    return new ForecastPoint(now, history, coming);
  }

  /** The cells in which something is coming. */
  Set<Long> comingCells(long cellBlocks) {
    Set<Long> cells = new HashSet<>();
    coming.forEach(block -> cells.add(block / cellBlocks));
    return cells;
  }
}
