package io.remapfs.health.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.scan.TourState.Stage;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What outlives the daemon. */
final class TourStateTest {
  private static final long BLOCKS = 1L << 32;

  private static TourState full() {
    TourState state = new TourState(BLOCKS, 4096);
    state.begin(ScanMode.RISK, new ScanLimits(1 << 20, 7), 1234);
    state.stage = Stage.PAUSED;
    state.position = 99;
    state.origin = 98;
    state.phase = 1;
    state.counts.lost = 3;
    state.counts.faults = 4;
    for (int i = 0; i < 1000; i++) {
      state.unscanned.remove(i * 1000L, i * 1000L + 1);
      state.neighbourhood.error(i * 100_000L);
    }
    return state;
  }

  @Test
  void shouldComeBackAsItWas() {
    TourState state = full();
    byte[] saved = state.encode();
    TourState back = TourState.decode(saved, BLOCKS, 4096);
    assertThat(back.encode()).isEqualTo(saved);
    assertThat(back.stage).isEqualTo(Stage.PAUSED);
    assertThat(back.mode).isEqualTo(ScanMode.RISK);
    assertThat(back.limits).isEqualTo(new ScanLimits(1 << 20, 7));
    assertThat(back.counts.faults).isEqualTo(4);
    assertThat(back.unscanned.toArray()).isEqualTo(state.unscanned.toArray());
  }

  @Test
  void shouldFitTheCellHoweverFullItIs() {
    assertThat(full().encode().length).isLessThanOrEqualTo(TourState.MAX_BYTES);
  }

  @Test
  void shouldBeginAnewWhenTheDiskIsAnother() {
    byte[] saved = full().encode();
    assertThat(TourState.decode(saved, BLOCKS - 1, 4096).tour).isZero();
    assertThat(TourState.decode(saved, BLOCKS, 512).tour).isZero();
    assertThat(TourState.decode(new byte[0], BLOCKS, 4096).unscanned.blocks()).isEqualTo(BLOCKS);
  }

  @Test
  void shouldSurviveAnyBytes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] saved = full().encode();
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = java.util.Arrays.copyOf(saved, random.nextInt(saved.length + 1));
      for (int flips = random.nextInt(4); flips > 0 && damaged.length > 0; flips--) {
        damaged[random.nextInt(Math.min(damaged.length, 400))] = (byte) random.nextInt();
      }
      TourState state = TourState.decode(damaged, BLOCKS, 4096);
      assertThat(state.position).as("seed %d, round %d", seed, i).isBetween(0L, BLOCKS - 1);
      state.encode();
    }
  }
}
