package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

final class EagernessTest {
  private static final int SHALLOW = 1;
  private static final int SOME = 3;
  private static final int DEEP = 32;

  private final Eagerness eagerness = new Eagerness(0);
  private long nowNanos;

  /** Serves for so many epochs; returns in how many of them loops were eager. */
  private int serve(int epochs, int depth, double calmRate, double eagerRate) {
    return serve(epochs, depth, eager -> eager == 1 ? eagerRate : calmRate);
  }

  private int serve(int epochs, int depth, DoubleUnaryOperator requestsInEpoch) {
    int eagerEpochs = 0;
    for (int i = 0; i < epochs; i++) {
      boolean eager = eagerness.isEager();
      eagerEpochs += eager ? 1 : 0;
      int requests = (int) requestsInEpoch.applyAsDouble(eager ? 1 : 0);
      nowNanos += Eagerness.SETTLING_NANOS;
      eagerness.took(requests, depth, nowNanos);
      nowNanos += Eagerness.EPOCH_NANOS - Eagerness.SETTLING_NANOS;
      eagerness.took(requests, depth, nowNanos);
    }
    return eagerEpochs;
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
      nowNanos += Eagerness.SETTLING_NANOS;
      eagerness.took(eager ? 9000 : 1000, SHALLOW, nowNanos);
      nowNanos += Eagerness.EPOCH_NANOS - Eagerness.SETTLING_NANOS;
      eagerness.took(eager ? 2000 : 3000, SHALLOW, nowNanos);
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
