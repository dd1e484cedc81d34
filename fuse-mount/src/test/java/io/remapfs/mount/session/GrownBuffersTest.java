package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.remapfs.mount.ring.IoUring;
import io.remapfs.mount.ring.RingUnavailableException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class GrownBuffersTest {
  private static final long ALARM = 7;
  private static final int PRESENT_BYTES = 4096;
  private static final int LONG_BYTES = 1 << 20;

  private final GrownBuffers grown = new GrownBuffers(Duration.ofMillis(20));
  private final RequestBuffer buffer = new RequestBuffer();
  private IoUring ring;

  @BeforeEach
  void makeRing() throws RingUnavailableException {
    assumeThat(IoUring.problem()).isEmpty();
    ring = IoUring.open(4);
    ring.start();
    buffer.prepare(PRESENT_BYTES);
  }

  @AfterEach
  void closeRing() {
    if (ring != null) {
      ring.close();
    }
  }

  private void awaitAlarm() {
    grown.setAlarm(ring, ALARM);
    assertThat(grown.areIdle()).isFalse();
    do {
      ring.submitAndWait(1);
    } while (!ring.hasCompletion());
    assertThat(ring.userData()).isEqualTo(ALARM);
    ring.advance();
    grown.alarmed();
  }

  private void fill() {
    for (int at = RequestBuffer.DATA; at < buffer.memory().capacityBytes(); at += PRESENT_BYTES) {
      buffer.memory().bytes().put(at, (byte) 7);
    }
  }

  private int byteOfData(int at) {
    return buffer.memory().bytes().get(RequestBuffer.DATA + at);
  }

  @Test
  void shouldSetNoAlarmWhileRequestsAreShort() throws Exception {
    grown.used(buffer, PRESENT_BYTES);
    grown.setAlarm(ring, ALARM);
    ring.submitAndWait(0);
    Thread.sleep(60);
    ring.submitAndWait(0);

    assertThat(ring.hasCompletion()).isFalse();
    assertThat(grown.areIdle()).isFalse();
  }

  @Test
  void shouldBeIdleWhenNoLongRequestCameForAPeriod() {
    grown.used(buffer, LONG_BYTES);
    assertThat(grown.areIdle()).isFalse();

    awaitAlarm();

    assertThat(grown.areIdle()).isTrue();
    grown.shrunk();
    assertThat(grown.areIdle()).isFalse();
  }

  @Test
  void shouldWaitForAnotherPeriodWhenALongRequestCameMeanwhile() {
    grown.used(buffer, LONG_BYTES);
    grown.setAlarm(ring, ALARM);
    grown.used(buffer, LONG_BYTES);

    awaitAlarm();
    assertThat(grown.areIdle()).isFalse();

    awaitAlarm();
    assertThat(grown.areIdle()).isTrue();
  }

  @Test
  void shouldGiveBackOnlyWhatWasNotThereFromTheStart() {
    grown.used(buffer, LONG_BYTES);
    fill();

    buffer.shrink();

    assertThat(byteOfData(0)).isEqualTo(7);
    assertThat(byteOfData(PRESENT_BYTES)).isZero();
    assertThat(byteOfData(LONG_BYTES - PRESENT_BYTES)).isZero();
  }

  @Test
  void shouldGiveNothingBackWhenNothingGrew() {
    fill(); // Nobody said that there is more than was there from the start.

    buffer.shrink();

    assertThat(byteOfData(LONG_BYTES - PRESENT_BYTES)).isEqualTo(7);
  }
}
