package io.remapfs.health.surface;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  @Test
  void shouldPutEachTimeIntoTheBucketThatHoldsIt() {
    for (long micros = 0; micros < 1L << 27; micros += 1 + micros / 7) {
      int bucket = LatencyHistogram.bucket(micros);
      assertThat(micros)
          .isGreaterThanOrEqualTo(LatencyHistogram.low(bucket))
          .isLessThan(LatencyHistogram.low(bucket + 1));
    }
  }

  @Test
  void shouldKeepTheLongestAndTheShortestTimes() {
    LatencyHistogram histogram = new LatencyHistogram();
    histogram.record(Long.MAX_VALUE);
    histogram.record(-1);

    List<LatencyHistogram.Bucket> buckets = histogram.buckets();
    assertThat(buckets).hasSize(2).allMatch(each -> each.count() == 1);
    assertThat(buckets.get(1).lowMicros()).isGreaterThan(60_000_000);
  }

  @Test
  void shouldTellTheMedianWithinAQuarter() {
    LatencyHistogram histogram = new LatencyHistogram();
    for (int i = 0; i < 99; i++) {
      histogram.record(1_000_000);
    }
    histogram.record(1_000_000_000);

    assertThat(LatencyHistogram.quantileMicros(histogram.buckets(), 0.5)).isBetween(1000L, 1250L);
    assertThat(LatencyHistogram.quantileMicros(histogram.buckets(), 0.99)).isBetween(1000L, 1250L);
    assertThat(LatencyHistogram.quantileMicros(histogram.buckets(), 1)).isGreaterThan(1_000_000);
    assertThat(LatencyHistogram.quantileMicros(List.of(), 0.5)).isZero();
  }
}
