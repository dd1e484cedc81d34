package io.remapfs.health.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SpareForecasterTest {
  private static final long NOW = 1_800_000_000_000L;
  private static final long HOUR = 3_600_000;
  private static final long DAY = 24 * HOUR;

  /** Hourly samples up to now of a use that grows by so many slots a day. */
  private static List<SpareSample> linear(int hours, double slotsPerDay) {
    List<SpareSample> samples = new ArrayList<>();
    for (int hour = 0; hour <= hours; hour++) {
      long used = 100 + Math.round(hour * slotsPerDay / 24);
      samples.add(new SpareSample(NOW - (hours - hour) * HOUR, used));
    }
    return samples;
  }

  @Test
  void shouldForetellTheDayWhenUseGrowsEvenly() {
    SpareForecast forecast = SpareForecaster.forecast(linear(240, 10), 200, NOW);

    assertThat(forecast.foreseeable()).isTrue();
    assertThat(forecast.exhaustedMillis()).isCloseTo(NOW + 20 * DAY, within(DAY));
    assertThat(forecast.slotsPerDay()).isCloseTo(10, within(0.5));
  }

  @Test
  void shouldHoldTheTruthInItsIntervalWhenALinearUseIsNoisy() {
    long seed = new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    int held = 0;
    int rounds = 400;
    for (int round = 0; round < rounds; round++) {
      double perDay = 1 + random.nextDouble() * 50;
      List<SpareSample> samples = new ArrayList<>();
      double used = 0;
      for (int hour = 0; hour <= 500; hour++) {
        samples.add(new SpareSample(NOW - (500 - hour) * HOUR, (long) used));
        used += random.nextDouble() * 2 * perDay / 24;
      }
      SpareForecast forecast = SpareForecaster.forecast(samples, 1000, NOW);
      long truth = NOW + (long) (1000 / perDay * DAY);
      assertThat(forecast.foreseeable()).as("seed %d", seed).isTrue();
      boolean holds = forecast.earliestMillis() <= truth && truth <= forecast.latestMillis();
      held += holds ? 1 : 0;
    }
    // Stated is 9 of 10.
    assertThat(held).as("of %d, seed %d", rounds, seed).isGreaterThan(rounds * 8 / 10);
  }

  @Test
  void shouldHardlyMoveWhenOneBurstUsesManySlotsAtOnce() {
    List<SpareSample> samples = linear(500, 10);
    List<SpareSample> burst = new ArrayList<>(samples);
    for (int i = samples.size() - 20; i < samples.size(); i++) {
      SpareSample each = samples.get(i);
      burst.set(i, new SpareSample(each.timeMillis(), each.usedSlots() + 5_000));
    }

    double calm = SpareForecaster.forecast(samples, 1000, NOW).slotsPerDay();
    assertThat(SpareForecaster.forecast(burst, 1000, NOW).slotsPerDay())
        .isBetween(calm * 0.9, calm * 1.5);
  }

  @Test
  void shouldSayNotForeseeableWhenHistoryIsShortOrFlat() {
    assertThat(SpareForecaster.forecast(List.of(), 10, NOW).foreseeable()).isFalse();
    assertThat(SpareForecaster.forecast(linear(20, 100), 10, NOW).reason()).contains("short");
    assertThat(SpareForecaster.forecast(linear(500, 0), 10, NOW).reason()).contains("hardly");
    assertThat(SpareForecaster.forecast(linear(500, 0.4), 1_000_000, NOW).foreseeable()).isFalse();
  }

  @Test
  void shouldSayNowWhenNothingIsLeft() {
    SpareForecast forecast = SpareForecaster.forecast(List.of(), 0, NOW);

    assertThat(forecast.foreseeable()).isTrue();
    assertThat(forecast.exhaustedMillis()).isEqualTo(NOW);
  }

  @Test
  void shouldBeginAnewWhenASpareWasReleased() {
    List<SpareSample> samples = new ArrayList<>();
    for (SpareSample each : linear(500, 1000)) {
      samples.add(new SpareSample(each.timeMillis() - 20 * DAY, each.usedSlots()));
    }
    samples.addAll(linear(300, 10));

    assertThat(SpareForecaster.forecast(samples, 1000, NOW).slotsPerDay())
        .isCloseTo(10, within(1.0));
  }

  @Test
  void shouldStaySaneWhenClocksAreAbsurd() {
    long seed = new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    long[] extremes = {Long.MIN_VALUE, -1, 0, 1, NOW, Long.MAX_VALUE - 1, Long.MAX_VALUE};
    for (int round = 0; round < 500; round++) {
      List<SpareSample> samples = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        long time =
            random.nextBoolean() ? extremes[random.nextInt(extremes.length)] : random.nextLong();
        samples.add(new SpareSample(time, random.nextLong(1L << 40)));
      }
      long now = extremes[random.nextInt(extremes.length)];
      SpareForecast forecast =
          SpareForecaster.forecast(samples, 1 + random.nextLong(1L << 40), now);

      assertThat(forecast.latestMillis())
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo(forecast.exhaustedMillis());
      assertThat(forecast.earliestMillis())
          .as("seed %d", seed)
          .isLessThanOrEqualTo(forecast.exhaustedMillis());
    }
  }

  @Test
  void shouldIgnoreSamplesFromTheFutureWhenTheClockWasSetBack() {
    List<SpareSample> samples = new ArrayList<>(linear(300, 10));
    samples.add(new SpareSample(NOW + 1000 * DAY, 1_000_000));

    assertThat(SpareForecaster.forecast(samples, 1000, NOW).slotsPerDay())
        .isCloseTo(10, within(1.0));
  }
}
