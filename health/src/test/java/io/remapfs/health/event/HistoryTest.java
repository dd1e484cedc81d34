package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class HistoryTest {
  private final MemoryStore store = new MemoryStore();
  private Instant now = Instant.parse("2026-01-02T03:04:05Z");
  private History history = open();

  private History open() {
    return new History(store, () -> now);
  }

  private static EngineStatus status(long remapped, long used, long readErrors) {
    return new EngineStatus(
        EngineState.HEALTHY,
        "",
        new UUID(1, 2),
        64L << 20,
        4096,
        false,
        remapped,
        1,
        2,
        1000,
        used,
        1000 - used,
        0,
        0,
        0,
        0,
        0,
        0,
        readErrors,
        4,
        0,
        false,
        List.of());
  }

  private void lookAfter(Duration passed, long remapped, long used) {
    now = now.plus(passed);
    history.look(status(remapped, used, 0), 900);
  }

  @Test
  void shouldTakeASampleADayWhenNothingChanges() {
    for (int hour = 0; hour < 50; hour++) {
      lookAfter(Duration.ofHours(1), 5, 5);
    }
    assertThat(history.read()).hasSize(3);
  }

  @Test
  void shouldTakeOneAnHourAtMostWhenMuchChanges() {
    for (int minute = 0; minute < 180; minute++) {
      lookAfter(Duration.ofMinutes(1), 100L * minute, 5);
    }
    assertThat(history.read()).hasSize(3);
  }

  @Test
  void shouldTakeNoneBeforeTheDayIsOverWhenLittleChanges() {
    lookAfter(Duration.ZERO, 100, 5);
    lookAfter(Duration.ofHours(2), 124, 5);
    assertThat(history.read()).hasSize(1);
    lookAfter(Duration.ZERO, 125, 5);
    assertThat(history.read()).hasSize(2);
  }

  @Test
  void shouldTakeOneAtOnceWhenTheSpareReachesALevel() {
    lookAfter(Duration.ZERO, 5, 499);
    lookAfter(Duration.ofSeconds(1), 5, 500);
    lookAfter(Duration.ofSeconds(1), 5, 501);
    assertThat(history.read()).hasSize(2);
    assertThat(open().lastSpareUsedPercent()).isEqualTo(50);
  }

  @Test
  void shouldGoOnWithTheSamplesOfEarlierMounts() {
    history.look(status(5, 6, 0), 900);
    history.finish(status(7, 8, 30), 800);
    List<HistorySample> before = history.read();
    assertThat(before).last().isEqualTo(new HistorySample(now, 7, 1, 2, 8, 1000, 30, 4, 800));

    history = open();
    assertThat(history.read()).isEqualTo(before);
    history.finish(status(7, 8, 2), 800);
    assertThat(history.read()).last().extracting(HistorySample::readErrors).isEqualTo(32L);
  }

  @Test
  void shouldTakeNoSampleOfAMountThatFindsAndLeavesTheDiskAsItWas() {
    EngineStatus calm =
        new EngineStatus(
            EngineState.HEALTHY,
            "",
            new UUID(1, 2),
            64L << 20,
            4096,
            false,
            5,
            1,
            2,
            1000,
            6,
            994,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            false,
            List.of());
    history.look(calm, 900);
    for (int mount = 0; mount < 9; mount++) {
      history = open();
      history.look(calm, 900);
      history.finish(calm, 900);
    }
    assertThat(history.read()).hasSize(1);
  }

  @Test
  void shouldGoOnWhenTheClockWasSetBack() {
    lookAfter(Duration.ZERO, 5, 5);
    lookAfter(Duration.ofDays(-400), 5, 5);
    lookAfter(Duration.ofDays(1), 5, 5);
    assertThat(history.read()).hasSize(3);
  }

  @Test
  void shouldKeepOnlyTheNewestWhenFull() {
    for (int day = 0; day < History.CAPACITY + 3; day++) {
      lookAfter(Duration.ofDays(1), day, 5);
    }
    assertThat(history.read()).hasSize(History.CAPACITY);
    assertThat(history.read().get(0).remapped()).isEqualTo(3);
  }

  @Test
  void shouldStoreTheLargestCountThatHasRoom() {
    HistorySample large = new HistorySample(now, 1L << 40, 0, 0, 0, 0, 0, 0, -1);
    byte[] stored = large.toStored();
    assertThat(stored).hasSize(HistorySample.STORED_BYTES);
    HistorySample read = HistorySample.ofStored(Arrays.copyOf(stored, 48));
    assertThat(read.remapped()).isEqualTo(0xFFFF_FFFFL);
    assertThat(read.score()).isEqualTo(-1);
  }
}
