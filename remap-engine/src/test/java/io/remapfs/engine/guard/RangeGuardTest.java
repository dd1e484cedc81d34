package io.remapfs.engine.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class RangeGuardTest {
  private static final int MIB = 1 << 20;

  @Test
  void shouldLetSharedHoldersInTogether() {
    RangeGuard guard = new RangeGuard();
    guard.enterShared(0, 4096);
    assertThat(guard.tryEnterShared(0, 4096)).isTrue();
    guard.leaveShared(0, 4096);
    guard.leaveShared(0, 4096);
  }

  @Test
  void shouldTurnSharedAwayWhenExclusiveIsHeld() {
    RangeGuard guard = new RangeGuard();
    guard.enterExclusive(5 * MIB, 4096);
    assertThat(guard.tryEnterShared(5 * MIB + 8192, 4096)).isFalse();
    assertThat(guard.tryEnterShared(7 * MIB, 4096)).isTrue();
    guard.leaveExclusive(5 * MIB, 4096);
    assertThat(guard.tryEnterShared(5 * MIB + 8192, 4096)).isTrue();
  }

  @Test
  void shouldGiveBackWhatItTookWhenALaterStripeIsHeld() {
    RangeGuard guard = new RangeGuard();
    guard.enterExclusive(MIB, 1);
    assertThat(guard.tryEnterShared(0, 2 * MIB)).isFalse();
    guard.leaveExclusive(MIB, 1);
    guard.enterExclusive(0, 1);
    guard.leaveExclusive(0, 1);
  }

  @Test
  void shouldBeLeftByAnotherThreadThanEntered() throws Exception {
    RangeGuard guard = new RangeGuard();
    guard.enterShared(0, 4096);
    Thread other = new Thread(() -> guard.leaveShared(0, 4096));
    other.start();
    other.join();
    guard.enterExclusive(0, 4096);
    guard.leaveExclusive(0, 4096);
  }

  @Test
  void shouldCoverAllStripesOnceWhenTheRangeIsHuge() {
    RangeGuard guard = new RangeGuard();
    guard.enterExclusive(3L * MIB, 1L << 40);
    guard.leaveExclusive(3L * MIB, 1L << 40);
    assertThat(guard.tryEnterShared(0, 1L << 40)).isTrue();
    guard.leaveShared(0, 1L << 40);
  }

  /** Wrapped ranges are taken from both ends at once here: a wrong order would hang. */
  @Test
  @Timeout(60)
  void shouldNeitherHangNorLetTwoInWhenManyRangesCross() throws Exception {
    long seed = new Random().nextLong();
    RangeGuard guard = new RangeGuard();
    int[] inside = new int[512];
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<?>> all = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Random random = new Random(seed + t);
      all.add(threads.submit(() -> crossRanges(guard, inside, random, seed)));
    }
    for (Future<?> one : all) {
      one.get(50, TimeUnit.SECONDS);
    }
    threads.shutdown();
  }

  private static Void crossRanges(RangeGuard guard, int[] inside, Random random, long seed) {
    for (int i = 0; i < 3_000; i++) {
      int from = random.nextInt(400);
      int count = 1 + random.nextInt(100);
      guard.enterExclusive((long) from * MIB, (long) count * MIB);
      for (int unit = from; unit < from + count; unit++) {
        inside[unit]++;
        assertThat(inside[unit]).as("seed %d", seed).isEqualTo(1);
      }
      for (int unit = from; unit < from + count; unit++) {
        inside[unit]--;
      }
      guard.leaveExclusive((long) from * MIB, (long) count * MIB);
    }
    return null;
  }
}
