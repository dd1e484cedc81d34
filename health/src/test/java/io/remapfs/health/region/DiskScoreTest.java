package io.remapfs.health.region;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.drive.DriveFacts;
import io.remapfs.health.drive.DriveFacts.Passed;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthGeometry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskScoreTest {
  private static DriveFacts drive(
      Passed passed, long reallocated, long pending, long uncorrectable) {
    return new DriveFacts("", passed, 30, 1, reallocated, pending, uncorrectable, -1, -1, -1);
  }

  private static DriveFacts nvme(long mediaErrors, long used, long warning) {
    return new DriveFacts("", Passed.YES, 30, 1, -1, -1, -1, mediaErrors, used, warning);
  }

  @ParameterizedTest
  @CsvSource({"0,1000,GOOD", "500,1000,GOOD", "800,640,WARN", "950,190,DANGER", "1000,0,DANGER"})
  void shouldScoreSpareAsDocumentedWhenItFills(long used, int score, Verdict verdict) {
    assertThat(Score.ofSpare(used, 1000)).isEqualTo(score);
    assertThat(Verdict.of(score)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({"0,1000", "1,899", "257,450"})
  void shouldScorePendingAsDocumentedWhenDataIsLost(long pending, int score) {
    assertThat(Score.ofPending(pending)).isEqualTo(score);
  }

  @Test
  void shouldScoreDriveAsDocumentedWhenItTellsOfTrouble() {
    assertThat(Score.ofDrive(DriveFacts.NOTHING)).isEqualTo(1000);
    assertThat(Score.ofDrive(drive(Passed.YES, 0, 0, 0))).isEqualTo(1000);
    assertThat(Score.ofDrive(drive(Passed.NO, 0, 0, 0))).isZero();
    assertThat(Score.ofDrive(drive(Passed.YES, 512, 0, 0))).isEqualTo(450);
    assertThat(Score.ofDrive(drive(Passed.YES, 0, 1, 0))).isEqualTo(899);
    assertThat(Score.ofDrive(drive(Passed.YES, 0, 0, 1))).isEqualTo(899);
    assertThat(Score.ofDrive(nvme(0, 3, 0))).isEqualTo(1000);
    assertThat(Score.ofDrive(nvme(2, 3, 0))).isEqualTo(899);
    assertThat(Score.ofDrive(nvme(0, 101, 0))).isEqualTo(800);
    assertThat(Score.ofDrive(nvme(0, 3, 4))).isEqualTo(500);
  }

  @Test
  void shouldLookAtTheMapAnewOnlyWhenItChangedOrAMinuteWentBy() {
    AtomicLong nanos = new AtomicLong();
    AtomicLong seconds = new AtomicLong(1_800_000_000L);
    InstantSource clock = () -> Instant.ofEpochSecond(seconds.get());
    HealthMap map =
        new HealthMap(
            HealthFile.inMemory(HealthGeometry.of(new UUID(1, 1), 1L << 34, 4096)), clock);
    RegionWatch watch = new RegionWatch(map, clock, nanos::get);
    watch.doWork();
    assertThat(watch.summary().score()).isEqualTo(1000);
    map.noteMediumError(0, false);
    map.noteMediumError(4096, false);
    watch.doWork();
    RegionSummary fresh = watch.summary();
    assertThat(fresh.regions()).isEqualTo(2);
    assertThat(fresh.warn()).isEqualTo(2);
    assertThat(fresh.worst()).extracting(RegionSummary.Scored::region).containsExactly(0, 1);
    assertThat(fresh.score()).isEqualTo(903); // half of 828 and of (2 * 828 + 14 * 1000) / 16
    seconds.addAndGet(86_400 * 100);
    watch.doWork();
    assertThat(watch.summary()).isSameAs(fresh);
    nanos.addAndGet(60_000_000_001L);
    watch.doWork();
    assertThat(watch.summary().good()).isEqualTo(2);
  }
}
