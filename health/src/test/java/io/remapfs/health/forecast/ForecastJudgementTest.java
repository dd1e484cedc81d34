package io.remapfs.health.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.remapfs.health.forecast.ForecastJudgement.Bin;
import io.remapfs.health.forecast.ForecastJudgement.Tally;
import io.remapfs.health.forecast.SimulatedErrorDisk.Habit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Wide margins only: how good the forecast is, is in docs/health.md; here, that it still is. */
@Tag("slow")
class ForecastJudgementTest {
  private static ForecastJudgement judgement = new ForecastJudgement(Habit.USUAL, 0);

  @BeforeAll
  static void judge() {
    judgement = new ForecastJudgement(Habit.USUAL, 400);
    System.out.println(judgement.report());
  }

  private static Tally atRisk() {
    for (int i = 0; i < ForecastJudgement.THRESHOLDS.length; i++) {
      if (ForecastJudgement.THRESHOLDS[i] == Forecaster.AT_RISK) {
        return judgement.ours[i];
      }
    }
    throw new IllegalStateException("the threshold is not judged");
  }

  @Test
  void shouldPointFarBetterThanChanceWhenCellsAreAtRisk() {
    assertThat(atRisk().flagged).as(judgement.report()).isGreaterThan(1000);
    assertThat(atRisk().precision()).isGreaterThan(10_000 * judgement.chance());
    assertThat(judgement.recall(atRisk())).isGreaterThan(0.02);
  }

  @Test
  void shouldPointBetterThanEveryErrorWhenCellsAreAtRisk() {
    assertThat(atRisk().precision())
        .as(judgement.report())
        .isGreaterThan(1.5 * judgement.everyError.precision())
        .isGreaterThan(20 * judgement.tenMegabytes.precision());
  }

  @Test
  void shouldKnowTheDisksThatGoOnFailingBetterThanASimpleRule() {
    double always = judgement.pointsWithComing / (double) judgement.points;

    assertThat(judgement.likelyDisks.precision())
        .as(judgement.report())
        .isGreaterThan(2 * always)
        .isGreaterThan(1.2 * judgement.freshDisks.precision());
    assertThat(judgement.diskRecall(judgement.likelyDisks)).isGreaterThan(0.15);
  }

  @Test
  void shouldComeTrueAsOftenAsSaidWhenManyForecastsSayTheSame() {
    for (Bin bin : judgement.diskBins) {
      if (bin.count >= 200) {
        assertThat(bin.meanCame()).as(judgement.report()).isCloseTo(bin.meanSaid(), within(0.15));
      }
    }
    for (Bin bin : judgement.cellBins) {
      if (bin.count >= 200) {
        assertThat(bin.meanCame()).as(judgement.report()).isCloseTo(bin.meanSaid(), within(0.06));
      }
    }
  }
}
