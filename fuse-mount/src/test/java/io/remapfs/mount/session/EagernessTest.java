package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class EagernessTest {
  private static final int SHALLOW = 1;
  private static final int SOME = 3;
  private static final int DEEP = 32;

  private final Eagerness eagerness = new Eagerness(0);
  private long nowNanos;

  /** Serves for so many epochs; returns in how many of them loops were eager. */
  private int serve(int epochs, int depth, int calmRate, int eagerRate) {
    int eagerEpochs = 0;
    for (int i = 0; i < epochs; i++) {
      int rate = eagerness.isEager() ? eagerRate : calmRate;
      eagerEpochs += eagerness.isEager() ? 1 : 0;
      serveEpoch(depth, rate, rate);
    }
    return eagerEpochs;
  }

  private void serveEpoch(int depth, int whileSettling, int afterwards) {
    nowNanos += Eagerness.SETTLING_NANOS;
    eagerness.took(whileSettling, depth, nowNanos);
    nowNanos += Eagerness.EPOCH_NANOS - Eagerness.SETTLING_NANOS;
    eagerness.took(afterwards, depth, nowNanos);
  }

  @Test
  void shouldBecomeEagerWhenThatServesMore() {
    serve(40, SHALLOW, 2000, 3000);
    assertThat(serve(300, SHALLOW, 2000, 3000)).isGreaterThan(280);
  }

  @Test
  void shouldStayCalmWhenThatServesMore() {
    serve(40, SHALLOW, 3000, 2000);
    assertThat(serve(300, SHALLOW, 3000, 2000)).isLessThan(20);
  }

  @Test
  void shouldStayCalmWhenItMakesNoDifference() {
    serve(40, SHALLOW, 3000, 3000);
    assertThat(serve(300, SHALLOW, 3000, 3000)).isLessThan(20);
  }

  @Test
  void shouldLeaveItsFirstOpinionWhenItWasWrong() {
    assertThat(serve(2, SOME, 3000, 2000) + serve(1, SOME, 3000, 2000)).isPositive();
    serve(40, SOME, 3000, 2000);
    assertThat(serve(100, SOME, 3000, 2000)).isLessThan(10);
  }

  @Test
  void shouldTurnWhenTheOtherWayHasBecomeBetter() {
    serve(300, SHALLOW, 2000, 3000);
    serve(600, SHALLOW, 3000, 2000);
    assertThat(serve(300, SHALLOW, 3000, 2000)).isLessThan(20);
  }

  @Test
  void shouldRememberEachKindOfLoadWhenTheyTakeTurns() {
    for (int i = 0; i < 4; i++) {
      serve(40, SHALLOW, 2000, 3000);
      serve(40, DEEP, 3000, 2000);
    }
    serve(1, SHALLOW, 2000, 3000);
    assertThat(serve(25, SHALLOW, 2000, 3000)).isGreaterThan(22);
    serve(1, DEEP, 3000, 2000);
    assertThat(serve(25, DEEP, 3000, 2000)).isLessThan(3);
  }

  @Test
  void shouldBeCalmAtRestWhenItWasEagerBefore() {
    serve(100, SHALLOW, 2000, 3000);
    nowNanos += 10 * Eagerness.EPOCH_NANOS;
    eagerness.took(1, 1, nowNanos);
    assertThat(eagerness.isEager()).isFalse();
    assertThat(serve(100, SHALLOW, 3, 3)).isZero();
  }

  @Test
  void shouldNotCountWhatComesWhileTheSchedulerSettlesWhenItCompares() {
    serve(100, SHALLOW, 3000, 2000);
    for (int i = 0; i < 100; i++) { // Eager epochs begin fast, and calm ones slowly.
      boolean eager = eagerness.isEager();
      serveEpoch(SHALLOW, eager ? 9000 : 1000, eager ? 2000 : 3000);
    }
    assertThat(serve(100, SHALLOW, 3000, 2000)).isLessThan(20);
  }

  @Test
  void shouldNotBeDeceivedByOneDisturbedEpochWhenOneWayIsBetter() {
    serve(100, SHALLOW, 3000, 2000);
    serve(1, SHALLOW, 700, 700);
    assertThat(serve(100, SHALLOW, 3000, 2000)).isLessThan(20);
  }
}
