package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class SpinningTest {
  private static final long SHORT = 20_000;
  private static final long LONG = 5_000_000;

  private final AtomicBoolean taken = new AtomicBoolean();
  private final Spinning spinning = new Spinning(taken, 2);

  private void earn(Spinning by) {
    for (int i = 0; i < 100; i++) {
      by.slept(SHORT);
    }
  }

  @Test
  void shouldSleepAtOnceWhenNothingWasEarned() {
    assertThat(spinning.begins(0)).isFalse();
    for (int i = 0; i < 1000; i++) {
      spinning.slept(LONG);
    }
    assertThat(spinning.begins(0)).isFalse();
    assertThat(taken).isFalse();
  }

  @Test
  void shouldGoOnWhileItPays() {
    earn(spinning);
    for (int i = 0; i < 1000; i++) {
      assertThat(spinning.begins(1)).isTrue();
      spinning.found();
    }
  }

  @Test
  void shouldEndSoonWhenNothingComesAnyMore() {
    earn(spinning);
    int looked = 0;
    while (spinning.begins(0)) {
      spinning.foundNothing();
      spinning.slept(LONG);
      looked++;
    }
    assertThat(looked).isBetween(1, 4);
  }

  @Test
  void shouldSleepAtOnceWhenMuchIsInFlight() {
    earn(spinning);
    assertThat(spinning.begins(Spinning.MOST_IN_FLIGHT)).isTrue();
    spinning.found();
    assertThat(spinning.begins(Spinning.MOST_IN_FLIGHT + 1)).isFalse();
  }

  @Test
  void shouldSleepAtOnceWhenAnotherLoopIsLooking() {
    Spinning other = new Spinning(taken, 2);
    earn(spinning);
    earn(other);
    assertThat(other.begins(0)).isTrue();
    assertThat(spinning.begins(0)).isFalse();
    other.found();
    assertThat(spinning.begins(0)).isTrue();
  }

  @Test
  void shouldSleepAtOnceWhenThereIsOneCpu() {
    Spinning alone = new Spinning(taken, 1);
    earn(alone);
    assertThat(alone.begins(0)).isFalse();
  }
}
