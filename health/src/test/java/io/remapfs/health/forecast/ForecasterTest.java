package io.remapfs.health.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import io.remapfs.health.forecast.Forecast.Confidence;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ForecasterTest {
  private static final long SIZE = 1L << 40;
  private static final int BLOCK = 4096;
  private static final long NOW = 1_800_000_000_000L;
  private static final long HOUR = 3_600_000;
  private static final long DAY = 24 * HOUR;

  private final Forecaster forecaster = new Forecaster();

  private static ErrorHistory history(List<BadPlace> places) {
    return ErrorHistory.of(SIZE, BLOCK, places);
  }

  /** A burst of so many errors a day, up to now, at one place. */
  private static List<BadPlace> daily(long block, int days) {
    List<BadPlace> places = new ArrayList<>();
    for (int day = 0; day < days; day++) {
      places.add(new BadPlace(block + day, NOW - day * DAY));
    }
    return places;
  }

  private double probabilityAt(List<BadPlace> places, long block, long now) {
    ErrorHistory history = history(places);
    double[] found = {0};
    long wanted = block / Forecaster.cellBlocks(ForecastModel.FITTED, history);
    forecaster.forEachCell(
        history,
        forecaster.sources(history, now),
        (cell, expected) -> {
          if (cell == wanted) {
            found[0] = ForecastModel.FITTED.cellProbability(expected);
          }
        });
    return found[0];
  }

  @Test
  void shouldForetellNothingWhenNothingFailed() {
    Forecast forecast = forecaster.forecast(history(List.of()), NOW);

    assertThat(forecast.confidence()).isEqualTo(Confidence.NONE);
    assertThat(forecast.ranges()).isEmpty();
    assertThat(forecast.newErrorProbability()).isZero();
  }

  @Test
  void shouldNameTheRangeAroundTheErrorsWhenTheyGoOn() {
    Forecast forecast = forecaster.forecast(history(daily(1_000_000, 12)), NOW);

    assertThat(forecast.ranges()).isNotEmpty();
    RiskRange worst = forecast.ranges().get(0);
    assertThat(worst.firstBlock()).isLessThanOrEqualTo(1_000_000);
    assertThat(worst.endBlock()).isGreaterThan(1_000_000);
    assertThat(worst.probability()).isBetween(Forecaster.AT_RISK, 1.0);
    assertThat(forecast.blocksAtRisk())
        .isEqualTo(forecast.ranges().stream().mapToLong(RiskRange::blockCount).sum());
    assertThat(forecast.confidence()).isEqualTo(Confidence.HIGH);
  }

  @Test
  void shouldSeeMoreRiskWhenMoreErrorsAreNear() {
    double before = 0;
    for (int days = 1; days < 12; days++) {
      double probability = probabilityAt(daily(5_000, days), 5_000, NOW);
      assertThat(probability).as("after %d bursts", days).isGreaterThan(before).isLessThan(1);
      before = probability;
    }
  }

  @Test
  void shouldSeeLessRiskWhenFurtherAway() {
    List<BadPlace> places = daily(1_000_000, 5);
    double nearer = 1;
    for (long block = 1_000_000; block < 1_001_000; block += 64) {
      double probability = probabilityAt(places, block, NOW);
      assertThat(probability).as("at block %d", block).isPositive().isLessThan(nearer);
      nearer = probability;
    }
  }

  @Test
  void shouldSeeLessRiskWhenTimePassesWithoutErrors() {
    List<BadPlace> places = daily(1_000_000, 5);
    double earlier = 1;
    for (int day = 0; day < 400; day += 5) {
      double probability = probabilityAt(places, 1_000_000, NOW + day * DAY);
      assertThat(probability).as("after %d days", day).isPositive().isLessThan(earlier);
      earlier = probability;
    }
  }

  @Test
  void shouldKeepRangesInsideTheDiskWhenErrorsAreAtItsEnds() {
    long blocks = SIZE / BLOCK;
    List<BadPlace> places = new ArrayList<>(daily(0, 10));
    daily(0, 10)
        .forEach(p -> places.add(new BadPlace(blocks - 1 - p.blockIndex(), p.seenMillis())));

    Forecast forecast = forecaster.forecast(history(places), NOW);

    assertThat(forecast.ranges()).hasSizeGreaterThanOrEqualTo(2);
    assertThat(forecast.ranges())
        .allSatisfy(
            range -> {
              assertThat(range.firstBlock()).isNotNegative();
              assertThat(range.blockCount()).isPositive();
              assertThat(range.endBlock()).isLessThanOrEqualTo(blocks);
            });
  }

  @Test
  void shouldLeaveOutWhatIsOutsideTheDiskWhenAskedForAHistory() {
    List<BadPlace> places =
        List.of(new BadPlace(-1, NOW), new BadPlace(SIZE / BLOCK, NOW), new BadPlace(7, NOW));

    assertThat(history(places).places()).containsExactly(new BadPlace(7, NOW));
  }

  @Test
  void shouldKeepTheNewestWhenThereAreTooMany() {
    List<BadPlace> places = new ArrayList<>();
    for (int i = 0; i < ErrorHistory.MAX_PLACES + 100; i++) {
      places.add(new BadPlace(i, NOW - i));
    }
    places.add(new BadPlace(0, NOW - DAY));

    assertThat(history(places).places())
        .hasSize(ErrorHistory.MAX_PLACES)
        .startsWith(new BadPlace(0, NOW))
        .doesNotContain(new BadPlace(ErrorHistory.MAX_PLACES, NOW - ErrorHistory.MAX_PLACES));
  }

  @Test
  void shouldStaySaneWhenClocksAreAbsurd() {
    long seed = new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    long[] times = {Long.MIN_VALUE, -1, 0, 1, NOW, Long.MAX_VALUE - 1, Long.MAX_VALUE};
    for (int round = 0; round < 200; round++) {
      List<BadPlace> places = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        long time = random.nextBoolean() ? times[random.nextInt(times.length)] : random.nextLong();
        places.add(new BadPlace(random.nextLong(SIZE / BLOCK), time));
      }
      Forecast forecast = forecaster.forecast(history(places), times[random.nextInt(times.length)]);

      assertThat(forecast.newErrorProbability()).as("seed %d", seed).isBetween(0.0, 1.0);
      assertThat(forecast.ranges())
          .as("seed %d", seed)
          .allSatisfy(range -> assertThat(range.probability()).isBetween(0.0, 1.0));
    }
  }

  @Test
  void shouldCountAnErrorAsFreshWhenTheClockWasSetBack() {
    List<BadPlace> places = List.of(new BadPlace(7, NOW + 400 * DAY));

    assertThat(probabilityAt(places, 7, NOW))
        .isCloseTo(probabilityAt(List.of(new BadPlace(7, NOW)), 7, NOW), within(1e-12));
  }

  @Test
  void shouldBeBoundedWhenTheWholeDiskIsBad() {
    List<BadPlace> places = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      places.add(new BadPlace(i * 2_000L, NOW - (i % 300) * HOUR));
    }

    assertThatCode(() -> forecaster.forecast(history(places), NOW)).doesNotThrowAnyException();
    Forecast forecast = forecaster.forecast(history(places), NOW);
    assertThat(forecast.ranges()).hasSizeLessThanOrEqualTo(Forecast.MAX_RANGES);
  }

  @Test
  void shouldWorkWhenBlocksAreLargeOrTheDiskIsTiny() {
    ErrorHistory tiny = ErrorHistory.of(65536, 65536, List.of(new BadPlace(0, NOW)));
    ErrorHistory none = ErrorHistory.of(0, 4096, List.of(new BadPlace(0, NOW)));

    assertThat(forecaster.forecast(tiny, NOW).newErrorProbability()).isPositive();
    assertThat(forecaster.forecast(none, NOW).confidence()).isEqualTo(Confidence.NONE);
  }
}
