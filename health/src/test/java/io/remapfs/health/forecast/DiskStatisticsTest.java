package io.remapfs.health.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.forecast.SimulatedErrorDisk.Habit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskStatisticsTest {
  private static final long FIRST_SEED = 5_000_000;

  /** The figures and where they are from: docs/health.md. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldResemblePublishedDisksWhenSimulated(boolean scattered) {
    DiskStatistics disks = new DiskStatistics();
    for (long seed = FIRST_SEED; seed < FIRST_SEED + 1000; seed++) {
      disks.add(SimulatedErrorDisk.failures(seed, scattered ? Habit.SCATTERED : Habit.USUAL));
    }
    String told = "seeds from " + FIRST_SEED + ": " + disks;

    assertThat(disks.share(disks.fewerThanFifty, disks.disks)).as(told).isGreaterThan(0.8);
    assertThat(disks.share(disks.anotherWithinMonth, disks.disks)).as(told).isBetween(0.45, 0.7);
    assertThat(disks.share(disks.withNeighbour, disks.errorsOfUsual)).as(told).isBetween(0.5, 0.8);
    assertThat(disks.share(disks.withinMinute, disks.errors)).as(told).isBetween(0.4, 0.8);
    assertThat(disks.share(disks.inFirstTenth, disks.errors)).as(told).isBetween(0.2, 0.5);
  }
}
