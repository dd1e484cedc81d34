package io.remapfs.health.scan;

import static io.remapfs.health.scan.ScanFixture.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.posix.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The scanner on simulated disks, in simulated time. */
final class ScannerTest {
  private static final int MIB = 256; // blocks

  private static List<String> unscanned(Scanner scanner) {
    List<String> ranges = new ArrayList<>();
    scanner.forEachUnscanned((first, end) -> ranges.add(first + "-" + end));
    return ranges;
  }

  @Test
  void shouldReadEveryBlockOnceInOrderWhenTheDiskIsHealthy() {
    ScanFixture f = new ScanFixture(3 * MIB + 5);
    f.start(ScanMode.FULL);
    f.finish();
    assertThat(f.disk.reads).containsExactly("0+256", "256+256", "512+256", "768+5");
    assertThat(f.scanner.status().percent()).isEqualTo(100);
    assertThat(unscanned(f.scanner)).isEmpty();
    assertThat(f.events).hasSize(2);
    assertThat(f.events.get(1)).startsWith("SCAN_FINISHED scan 1 (full) finished");
  }

  @Test
  void shouldFindEveryBadBlock() {
    ScanFixture f = new ScanFixture(100 * MIB);
    for (long block : new long[] {0, 300, 301, 302, 9999, 12345, 100 * MIB - 1}) {
      f.disk.bad.add(block);
    }
    f.start(ScanMode.FULL);
    f.finish();
    assertThat(f.disk.entries.keySet()).isEqualTo(f.disk.bad);
    assertThat(f.scanner.status().lost()).isEqualTo(7);
    assertThat(unscanned(f.scanner)).isEmpty();
  }

  @Test
  void shouldReadTheNeighboursOfANewErrorFirstAndThenGoOn() {
    ScanFixture f = new ScanFixture(100 * MIB);
    f.disk.bad.add(1000L);
    f.start(ScanMode.FULL);
    f.finish();
    int found = f.disk.reads.indexOf("768+256");
    // The step ended with the piece at 1008. Nearest first: 16 blocks on both sides.
    assertThat(f.disk.reads.subList(found + 1, found + 5))
        .containsExactly("984+16", "1001+16", "744+32", "776+32");
    List<String> after = f.disk.reads.subList(found, f.disk.reads.size());
    assertThat(after).contains("1008+16").endsWith("25344+256");
    assertThat(f.disk.reads).doesNotHaveDuplicates();
  }

  @Test
  void shouldReadTheNeighboursOfWhatAUserFound() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.start(ScanMode.FULL);
    f.step();
    f.disk.lose(200_000);
    f.step();
    f.step();
    assertThat(f.disk.reads).containsExactly("0+256", "199984+16", "200001+16");
  }

  @Test
  void shouldResumeWithinOneBatchWhenKilled() {
    ScanFixture f = new ScanFixture(100 * MIB);
    f.start(ScanMode.FULL);
    for (int i = 0; i < 42; i++) {
      f.step();
    }
    f.mount();
    f.disk.reads.clear();
    f.finish();
    assertThat(f.disk.reads.get(0)).isEqualTo(42 * MIB + "+256");
    assertThat(f.disk.reads).hasSize(58);
    assertThat(f.scanner.status().tour()).isEqualTo(1);
    assertThat(f.scanner.status().readBytes()).isEqualTo(100L << 20);
  }

  @Test
  void shouldStayPausedOverARemountUntilResumed() throws Exception {
    ScanFixture f = new ScanFixture(100 * MIB);
    f.start(ScanMode.FULL);
    f.step();
    f.scanner.pause();
    f.mount();
    f.pass(1000);
    assertThat(f.scanner.status().state()).isEqualTo("paused");
    assertThat(f.disk.reads).hasSize(1);
    f.scanner.resume();
    f.finish();
    assertThat(f.disk.reads).hasSize(100);
  }

  @Test
  void shouldRefuseWhatDoesNotFitTheState() throws Exception {
    ScanFixture f = new ScanFixture(100 * MIB);
    assertThatThrownBy(f.scanner::pause).isInstanceOf(ScanRefusedException.class);
    assertThatThrownBy(f.scanner::resume).isInstanceOf(ScanRefusedException.class);
    assertThatThrownBy(f.scanner::stop).isInstanceOf(ScanRefusedException.class);
    f.start(ScanMode.FULL);
    assertThatThrownBy(() -> f.scanner.start(ScanMode.FULL, null))
        .hasMessageContaining("is under way");
    f.scanner.pause();
    assertThatThrownBy(() -> f.scanner.start(ScanMode.FULL, null)).hasMessageContaining("paused");
    assertThatThrownBy(f.scanner::pause).hasMessageContaining("already");
  }

  @Test
  void shouldKeepWhatIsKnownWhenStopped() throws Exception {
    ScanFixture f = new ScanFixture(100 * MIB);
    f.start(ScanMode.FULL);
    f.step();
    f.scanner.stop();
    f.pass(100);
    assertThat(f.disk.reads).hasSize(1);
    assertThat(f.scanner.status().state()).isEqualTo("off");
    assertThat(unscanned(f.scanner)).containsExactly("256-25600");
  }

  @Test
  void shouldKeepTheRate() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.start(ScanMode.FULL, new ScanLimits(32 << 20, 100));
    f.pass(10);
    assertThat(f.disk.reads.size()).isBetween(319, 325);
    assertThat(f.scanner.status().bytesPerSecond()).isBetween(31L << 20, 33L << 20);
    assertThat(f.scanner.status().etaSeconds()).isBetween(20L, 23L);
  }

  @Test
  void shouldKeepItsShareOfTheProcessor() {
    ScanFixture f = new ScanFixture(10_000 * MIB);
    f.disk.cpuNanosPerStep = 2_000_000; // at 2 percent, one step in 100 ms
    f.start(ScanMode.FULL, new ScanLimits(ScanLimits.MAX_RATE, 2));
    f.pass(100);
    assertThat(f.disk.reads.size()).isBetween(990, 1005);
  }

  @Test
  void shouldReadSmallPiecesSlowlyWhileUsersAreAtWork() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.start(ScanMode.FULL, new ScanLimits(32 << 20, 100));
    f.step();
    f.disk.reads.clear();
    long end = f.disk.nanoTime() + 10 * SECOND;
    while (f.disk.nanoTime() < end) {
      f.disk.userRequests++;
      f.scanner.doWork();
      f.disk.pass(1_000_000);
    }
    assertThat(f.disk.reads.size()).isBetween(140, 165); // 2 MiB/s
    assertThat(f.disk.reads).allMatch(read -> read.endsWith("+32"));
    assertThat(f.scanner.status().givesWay()).isEqualTo("users are at work");
    f.disk.reads.clear();
    f.pass(10);
    assertThat(f.disk.reads.size()).isGreaterThan(280);
  }

  @Test
  void shouldTakeAHalfPercentOfASlowDisksTimeWhileUsersAreAtWork() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.disk.readNanosPerBlock = 5_000_000 / 32; // 5 ms a piece
    f.start(ScanMode.FULL, new ScanLimits(32 << 20, 100));
    f.step();
    f.disk.reads.clear();
    long end = f.disk.nanoTime() + 20 * SECOND;
    while (f.disk.nanoTime() < end) {
      f.disk.userRequests++;
      f.scanner.doWork();
      f.disk.pass(1_000_000);
    }
    assertThat(f.disk.reads.size()).isBetween(15, 21);
  }

  @Test
  void shouldBackOffWhenTheDiskAnswersSlowlyAndComeBack() {
    ScanFixture f = new ScanFixture(100_000 * MIB);
    f.start(ScanMode.FULL, new ScanLimits(32 << 20, 100));
    f.pass(10);
    f.disk.reads.clear();
    f.disk.readNanosPerBlock = 100_000; // 25 ms a batch
    f.pass(1);
    assertThat(f.disk.reads.size()).isLessThan(12);
    assertThat(f.scanner.status().givesWay()).isEqualTo("the disk answers slowly");
    f.disk.readNanosPerBlock = 1000;
    f.pass(5);
    f.disk.reads.clear();
    f.pass(1);
    assertThat(f.disk.reads.size()).isGreaterThan(28);
  }

  @Test
  void shouldGoOnWithTheNextStepWhenOneThrowsAnything() {
    ScanFixture f = new ScanFixture(10 * MIB);
    f.disk.trouble =
        (first, blocks) -> {
          if (first == 3 * MIB) {
            throw new IllegalStateException("expected by this test");
          }
        };
    f.start(ScanMode.FULL);
    f.finish();
    ScanStatus status = f.scanner.status();
    assertThat(status.faults()).isEqualTo(1);
    assertThat(status.skippedSteps()).isEqualTo(1);
    assertThat(f.disk.reads).hasSize(10);
    assertThat(unscanned(f.scanner)).containsExactly("768-1024");
  }

  @Test
  void shouldTryAStepAgainAndThenLeaveItOutWhenNoBlockIsToBlame() {
    ScanFixture f = new ScanFixture(10 * MIB);
    f.disk.trouble =
        (first, blocks) -> {
          if (first == 3 * MIB) {
            throw new TransportErrorException("gone", Errno.ENXIO, first, blocks);
          }
        };
    f.start(ScanMode.FULL);
    f.finish();
    assertThat(f.disk.reads.stream().filter("768+256"::equals)).hasSize(5);
    assertThat(f.scanner.status().lost()).isZero();
    assertThat(unscanned(f.scanner)).containsExactly("768-1024");
  }

  @Test
  void shouldWaitWhileTheDiskIsSuspendedAndGoOnAfterwards() {
    ScanFixture f = new ScanFixture(100 * MIB);
    f.start(ScanMode.FULL, ScanLimits.DEFAULT);
    f.step();
    f.disk.state = EngineState.SUSPENDED;
    f.pass(100);
    assertThat(f.scanner.status().state()).isEqualTo("waiting");
    assertThat(f.scanner.status().reason()).contains("does not answer");
    assertThat(f.disk.reads).hasSizeLessThan(15); // the state is looked at four times a second
    f.disk.state = EngineState.DEGRADED;
    f.finish();
    assertThat(unscanned(f.scanner)).isEmpty();
  }

  @Test
  void shouldWaitWhileMemoryIsShort() {
    ScanFixture f = new ScanFixture(10 * MIB);
    f.shortage = "memory is short";
    f.start(ScanMode.FULL);
    f.pass(10);
    assertThat(f.disk.reads).isEmpty();
    assertThat(f.scanner.status().reason()).isEqualTo("memory is short");
    f.shortage = "";
    f.finish();
    assertThat(f.disk.reads).hasSize(10);
  }

  @Test
  void shouldLeaveTheDiskAloneForLongerAndLongerInAStormOfErrors() {
    ScanFixture f = new ScanFixture(100_000 * MIB);
    f.start(ScanMode.FULL);
    f.step();
    List<Long> pauses = new ArrayList<>();
    for (int storm = 0; storm < 3; storm++) {
      for (int i = 0; i <= 64; i++) {
        f.disk.lose((1 + storm * 65 + i) * 10_000L);
      }
      long from = f.disk.nanoTime();
      f.scanner.doWork();
      assertThat(f.scanner.status().reason()).contains("many places");
      while (f.scanner.doWork() == 0) {
        f.disk.pass(f.scanner.waitNanos());
      }
      pauses.add((f.disk.nanoTime() - from) / SECOND);
    }
    assertThat(pauses).containsExactly(10L, 20L, 40L);
  }

  @Test
  void shouldReadALongBadRangeToItsEndWithoutAStorm() {
    ScanFixture f = new ScanFixture(100 * MIB);
    for (long block = 5000; block < 9000; block++) {
      f.disk.bad.add(block);
    }
    f.start(ScanMode.FULL);
    f.finish();
    assertThat(f.disk.entries).hasSize(4000);
    assertThat(f.events).hasSize(2);
  }

  @Test
  void shouldMoveABlockThatIsSlowAgainAndAgain() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.disk.slowNanos.put(5003L, 500_000_000L);
    f.start(ScanMode.FULL, ScanLimits.DEFAULT);
    f.finish();
    assertThat(f.disk.moved).containsExactly(5003L);
    assertThat(f.scanner.status().slowFound()).isEqualTo(1);
    assertThat(f.disk.reads.stream().filter("5003+1"::equals)).hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void shouldForgetABlockThatWasSlowOnce() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.disk.slowNanos.put(5003L, 500_000_000L);
    f.start(ScanMode.FULL, ScanLimits.DEFAULT);
    f.pass(5);
    f.disk.slowNanos.clear();
    f.finish();
    assertThat(f.disk.moved).isEmpty();
  }

  @Test
  void shouldMoveNoSlowBlockWhenTheSpareRunsLow() {
    ScanFixture f = new ScanFixture(1000 * MIB);
    f.disk.spareUsedPercent = 80;
    f.disk.slowNanos.put(5003L, 500_000_000L);
    f.start(ScanMode.FULL, ScanLimits.DEFAULT);
    f.finish();
    assertThat(f.disk.moved).isEmpty();
    assertThat(f.scanner.status().slowFound()).isEqualTo(1);
  }

  @Test
  void shouldKeepWhatItCouldNotRecordUnscannedWhenReadOnly() {
    ScanFixture f = new ScanFixture(10 * MIB);
    f.disk.readOnly = true;
    f.disk.bad.add(1000L);
    f.disk.slowNanos.put(2000L, 500_000_000L);
    f.start(ScanMode.FULL);
    f.finish();
    assertThat(f.scanner.status().lost()).isEqualTo(1);
    assertThat(f.disk.moved).isEmpty();
    assertThat(unscanned(f.scanner)).containsExactly("768-1008");
  }

  @Test
  void shouldBeginAWeekAfterTheLastTourBegan() {
    ScanFixture f = new ScanFixture(10 * MIB).every(Duration.ofDays(7));
    f.pass(599);
    assertThat(f.scanner.status().state()).isEqualTo("idle");
    f.pass(2);
    assertThat(f.scanner.status().tour()).isEqualTo(1);
    f.finish();
    f.pass(7 * 86400 - 100);
    assertThat(f.scanner.status().tour()).isEqualTo(1);
    f.mount(); // the clock of the schedule goes on
    f.pass(1000);
    assertThat(f.scanner.status().tour()).isEqualTo(2);
  }

  @Test
  @Tag("slow")
  void shouldScan16TebibytesWithTheMemoryFlat() {
    ScanFixture f = new ScanFixture(1L << 32);
    f.disk.recordsReads = false;
    for (int i = 0; i < 50; i++) {
      f.disk.bad.add((1L << 32) / 50 * i + i);
    }
    f.start(ScanMode.FULL);
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 10_000; i++) {
      f.scanner.doWork();
    }
    long heapBefore = liveHeapBytes();
    long before = threads.getCurrentThreadAllocatedBytes();
    long steps = 0;
    while (f.scanner.status().state().equals("running") && steps < 30_000_000) {
      for (int i = 0; i < 1000; i++) {
        if (f.scanner.doWork() == 0) {
          f.disk.pass(f.scanner.waitNanos());
        } else {
          steps++;
        }
      }
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    long grown = liveHeapBytes() - heapBefore;
    System.out.println(
        steps
            + " steps, "
            + allocated / steps
            + " bytes of garbage each; the live heap grew by "
            + grown
            + " bytes");
    assertThat(unscanned(f.scanner)).isEmpty();
    assertThat(f.disk.entries).hasSize(50);
    assertThat(steps).isGreaterThan(16_000_000);
    assertThat(allocated / steps).isLessThan(2000);
    assertThat(grown).isLessThan(1 << 20); // a tenth of a byte a step would be more
  }

  private static long liveHeapBytes() {
    System.gc();
    return java.lang.management.ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
