package io.remapfs.health.scan;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StepLatencyTest {
  private static final int BATCH_BYTES = 1 << 20;

  @Test
  void shouldTellNoTimeWhenNothingCouldBeReadAtOnce() {
    StepLatency latency = new StepLatency(BATCH_BYTES);

    latency.add(BATCH_BYTES, 0);
    assertThat(latency.histogram().buckets()).isEmpty();

    latency.add(BATCH_BYTES, 3_000_000);
    assertThat(latency.histogram().buckets()).hasSize(1);
  }
}
