package io.remapfs.health.region;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegionHealthTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000);

  private static RegionHealth after(int readErrors, int writeErrors, int lost) {
    return RegionHealth.NOTHING.with(new Evidence(readErrors, writeErrors, 0, 0, lost), NOW);
  }

  @Test
  void shouldBeTheSameWhenPackedAndUnpacked() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      RegionHealth health =
          new RegionHealth(
              random.nextInt(1 << 24),
              random.nextInt(1 << 16),
              random.nextInt(1 << 24),
              random.nextInt(1 << 24),
              random.nextInt(1 << 24),
              random.nextLong(1L << 32),
              random.nextLong(1L << 32),
              random.nextLong(1L << 32),
              random.nextFloat() * 1e6f,
              random.nextFloat() * 1e6f);
      long[] words = new long[RegionHealth.WORDS + 1];
      health.pack(words, 1);
      assertThat(RegionHealth.unpack(words, 1)).as("seed %d", seed).isEqualTo(health);
    }
  }

  @Test
  void shouldStayAtMostWhenCountersAreFull() {
    Evidence much =
        new Evidence(
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE);
    RegionHealth health = RegionHealth.NOTHING.with(much, NOW).with(much, NOW);
    long[] words = new long[RegionHealth.WORDS];
    health.pack(words, 0);
    assertThat(RegionHealth.unpack(words, 0)).isEqualTo(health);
    assertThat(health.readErrors()).isEqualTo((1 << 24) - 1);
    assertThat(health.writeErrors()).isEqualTo((1 << 16) - 1);
  }

  @Test
  void shouldHaveFinitePartsWhenBytesAreAnything() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      long[] words = random.longs(RegionHealth.WORDS).toArray();
      RegionHealth health = RegionHealth.unpack(words, 0);
      int score = Score.ofRegion(health, NOW);
      assertThat(score).as("seed %d", seed).isBetween(0, Score.BEST);
      assertThat(health.errorsPerDay(NOW)).as("seed %d", seed).isFinite().isNotNegative();
    }
  }

  @Test
  void shouldWeighErrorsLessWhenTheyGrowOld() {
    RegionHealth health = after(2, 1, 0);
    assertThat(health.recentErrors(NOW)).isCloseTo(3, within(1e-6));
    Instant later = NOW.plus(Duration.ofDays(14));
    assertThat(health.recentErrors(later)).isCloseTo(3 / Math.E, within(1e-6));
    assertThat(health.errorsPerDay(later)).isCloseTo(3 / Math.E / 14, within(1e-6));
    assertThat(health.recentErrors(NOW.minusSeconds(1_000_000))).isCloseTo(3, within(1e-6));
  }

  @Test
  void shouldTrendUpwardsWhenErrorsAreFreshAndDownwardsWhenTheyCease() {
    RegionHealth health = after(3, 0, 0);
    assertThat(health.trend(NOW)).isPositive();
    assertThat(health.trend(NOW.plus(Duration.ofDays(7)))).isNegative();
  }

  @Test
  void shouldKeepTimeOfFirstErrorWhenMoreFollow() {
    Instant later = NOW.plusSeconds(3600);
    RegionHealth health = after(1, 0, 0).with(new Evidence(1, 0, 0, 0, 0), later);
    assertThat(health.firstErrorSeconds()).isEqualTo(NOW.getEpochSecond());
    assertThat(health.lastErrorSeconds()).isEqualTo(later.getEpochSecond());
    assertThat(health.sinceLastError(later.plusSeconds(60))).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void shouldScoreAsDocumentedWhenErrorsAreFewOrMany() {
    Instant halfYearLater = NOW.plus(Duration.ofDays(180));
    assertThat(Score.ofRegion(RegionHealth.NOTHING, NOW)).isEqualTo(1000);
    assertThat(Score.ofRegion(after(1, 0, 0), NOW)).isEqualTo(828);
    assertThat(Score.ofRegion(after(1, 0, 0), halfYearLater)).isEqualTo(979);
    assertThat(Score.ofRegion(after(1, 0, 1), NOW)).isEqualTo(759);
    assertThat(Verdict.of(Score.ofRegion(after(1, 0, 1), halfYearLater))).isEqualTo(Verdict.WARN);
    assertThat(Verdict.of(Score.ofRegion(after(2, 0, 0), NOW))).isEqualTo(Verdict.WARN);
    assertThat(Verdict.of(Score.ofRegion(after(3, 0, 0), NOW))).isEqualTo(Verdict.DANGER);
  }

  @Test
  void shouldScoreLowerWhenAnythingMoreHappens() {
    int before = Score.ofRegion(after(1, 0, 0), NOW);
    assertThat(Score.ofRegion(after(2, 0, 0), NOW)).isLessThan(before);
    assertThat(Score.ofRegion(after(1, 1, 0), NOW)).isLessThan(Score.ofRegion(after(2, 0, 0), NOW));
    assertThat(Score.ofRegion(after(1, 0, 1), NOW)).isLessThan(before);
  }
}
