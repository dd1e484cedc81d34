package io.remapfs.health.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ForecastWatchTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final ForecastFixture disk = new ForecastFixture();

  @Test
  void shouldSayNothingWhenNothingFails() {
    for (int hour = 0; hour < 100; hour++) {
      disk.pass(HOUR);
      disk.watch.doWork(disk.status());
    }

    assertThat(disk.told()).isEmpty();
    assertThat(disk.watch.blocks().ranges()).isEmpty();
  }

  @Test
  void shouldForetellSoonWhenABlockFails() {
    disk.watch.doWork(disk.status());
    disk.pass(Duration.ofSeconds(11));
    disk.watch.noteError(77);
    disk.watch.doWork(disk.status());

    assertThat(disk.watch.blocks().newErrorProbability()).isPositive();
  }

  @Test
  void shouldNotForetellAfterEachErrorWhenThereIsAStorm() {
    disk.watch.doWork(disk.status());
    disk.pass(Duration.ofSeconds(11));
    disk.watch.noteError(77);
    disk.watch.doWork(disk.status());
    Forecast first = disk.watch.blocks();
    for (int second = 0; second < 9; second++) {
      disk.pass(Duration.ofSeconds(1));
      disk.watch.noteError(1000 + second);
      disk.watch.doWork(disk.status());
    }

    assertThat(disk.watch.blocks()).isSameAs(first);
  }

  @Test
  void shouldTellOnceWhenAPlaceEntersDanger() {
    disk.failDaily(5000, 30);

    assertThat(disk.told()).filteredOn(each -> each.contains("are in danger")).hasSize(1);
  }

  @Test
  void shouldTellAgainWhenAPlaceIsInDangerAfterItWasNot() {
    disk.failDaily(5000, 20);
    for (int day = 0; day < 400; day++) {
      disk.pass(Duration.ofDays(1));
      disk.watch.doWork(disk.status());
    }
    assertThat(disk.watch.blocks().ranges()).isEmpty();
    disk.failDaily(5100, 20);

    assertThat(disk.told()).filteredOn(each -> each.contains("are in danger")).hasSize(2);
  }

  @Test
  void shouldTellOnceWhenTheDiskGoesOnFailing() {
    for (int place = 0; place < 150; place++) {
      disk.pass(Duration.ofHours(4));
      disk.watch.noteError(place * 1_000_000L);
      disk.watch.doWork(disk.status());
    }

    assertThat(disk.told()).filteredOn(each -> each.contains("goes on failing")).hasSize(1);
  }

  @Test
  void shouldTellOnceWhenTheSpareRunsOutWithinThirtyDays() {
    for (int day = 0; day < 60; day++) {
      disk.pass(Duration.ofDays(1));
      disk.sample(day * 100L);
      disk.watch.doWork(disk.status());
    }

    // 10000 slots, 100 a day: on the 60th day there are 40 more days.
    assertThat(disk.told()).isEmpty();
    for (int day = 60; day < 90; day++) {
      disk.pass(Duration.ofDays(1));
      disk.sample(day * 100L);
      disk.watch.doWork(disk.status());
    }
    assertThat(disk.told()).filteredOn(each -> each.contains("the spare runs out")).hasSize(1);
  }

  @Test
  void shouldGoOnWithWhatItKnewWhenMountedAgain() {
    disk.failDaily(5000, 20);
    disk.watch.log().addPreempted();
    disk.watch.finish();
    Forecast before = disk.watch.blocks();

    disk.watch = disk.newWatch();
    disk.watch.doWork(disk.status());

    assertThat(disk.watch.blocks().ranges()).isEqualTo(before.ranges());
    assertThat(disk.watch.preempted()).isEqualTo(1);
  }

  @Test
  void shouldKeepTheNewestPlacesWhenNotAllHaveRoom() {
    PlaceLog log = new PlaceLog();
    for (int i = 0; i < ErrorHistory.MAX_PLACES + 10; i++) {
      log.add((1L << 39) + i, i * 60_000L);
    }
    byte[] state = log.toState();
    PlaceLog restored = new PlaceLog();
    restored.restore(state);

    assertThat(state.length).isLessThanOrEqualTo(4096);
    assertThat(log.places()).hasSize(ErrorHistory.MAX_PLACES);
    assertThat(restored.places())
        .hasSize(PlaceLog.STORED)
        .isEqualTo(
            log.places()
                .subList(ErrorHistory.MAX_PLACES - PlaceLog.STORED, ErrorHistory.MAX_PLACES));
  }

  @Test
  void shouldBeginAnewWhenTheStateIsNotUnderstood() {
    PlaceLog log = new PlaceLog();
    log.restore(new byte[0]);
    log.restore(new byte[] {9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    log.restore(new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xFF, (byte) 0xFF, 1});

    assertThat(log.places()).isEmpty();
    assertThat(log.preempted()).isZero();
  }
}
