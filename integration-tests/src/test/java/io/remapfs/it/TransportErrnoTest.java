package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertWriteFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.ErrnoDisk;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every errno that tells of no bad block, given by a real file to a real daemon. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class TransportErrnoTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long AT = 10L * BLOCK;
  private static final long OLD = 1;
  private static final long NEW = 2;

  private static ErrnoDisk errnoDisk(Workbench bench, String name, long seed) {
    Path store = bench.disk(name + "-store.img", SIZE);
    if (seed != 0) {
      Images.fill(store, seed);
    }
    return bench.keep(ErrnoDisk.over(store, bench.folder(name)));
  }

  private static void assertUnhealthy(Mounted mounted, String state, String reason, String kind)
      throws IOException {
    assertThat(mounted.status().state()).isEqualTo(state);
    assertThat(String.valueOf(mounted.status().find("reason"))).contains(reason);
    assertThat(Mounted.remapfs("status", mounted.mountPoint().toString()).exitCode()).isEqualTo(4);
    assertThat(mounted.text("events")).containsOnlyOnce("\"kind\":\"" + kind + "\"");
    Await.until("log line", () -> log(mounted).contains(kind + ": "));
  }

  private static String log(Mounted mounted) throws IOException {
    return Files.readString(Path.of(mounted.mountPoint() + ".log"));
  }

  private static void awaitHealthy(Mounted mounted) {
    Await.until("healthy again", () -> mounted.status().state().equals("HEALTHY"));
  }

  private static void assertNothingSpent(Mounted mounted) {
    assertThat(mounted.status().spareUsed()).isZero();
    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().remapped()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "19, No such device, ENODEV",
    "6, No such device or address, ENXIO",
    "110, Connection timed out, ETIMEDOUT"
  })
  void shouldSuspendAndResumeWhenTheBackingIsGone(
      int errno, String text, String name, Workbench bench) throws IOException {
    ErrnoDisk disk = errnoDisk(bench, "disk", OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    disk.failReads(errno).failWrites(errno);

    for (long at = 0; at < SIZE; at += SIZE / 16) {
      long place = at;
      assertThatThrownBy(() -> mounted.read(place, BLOCK)).hasMessage(text);
      assertThatThrownBy(() -> mounted.write(place, new byte[BLOCK])).hasMessage(text);
    }

    assertUnhealthy(mounted, "SUSPENDED", name, "SUSPENDED");
    assertNothingSpent(mounted);
    disk.failReads(0).failWrites(0);
    awaitHealthy(mounted);
    assertThat(mounted.text("events")).containsOnlyOnce("\"kind\":\"RESUMED\"");
    assertPattern(mounted, OLD, 0, (int) Images.MIB);
    assertNothingSpent(mounted);
  }

  @ParameterizedTest
  @CsvSource({
    "30, Read-only file system",
    "1, Operation not permitted",
    "122, Disk quota exceeded",
    "28, No space left on device"
  })
  void shouldWaitForAWriteWhenTheBackingTakesNone(int errno, String text, Workbench bench)
      throws IOException {
    ErrnoDisk disk = errnoDisk(bench, "disk", OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    disk.failWrites(errno);

    for (long at = 0; at < SIZE; at += SIZE / 16) {
      long place = at;
      assertThatThrownBy(() -> mounted.write(place, new byte[BLOCK])).hasMessage(text);
      assertPattern(mounted, OLD, place, BLOCK);
    }

    assertUnhealthy(mounted, "SUSPENDED", "takes no writes", "SUSPENDED");
    assertThat(mounted.text("events")).doesNotContain("RESUMED");
    assertNothingSpent(mounted);
    disk.failWrites(0);
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    awaitHealthy(mounted);
    assertPattern(mounted, NEW, AT, BLOCK);
    assertNothingSpent(mounted);
  }

  @Test
  void shouldNotNoticeThatCallsAreInterruptedAndDoneInParts(Workbench bench) throws IOException {
    ErrnoDisk disk = errnoDisk(bench, "disk", OLD);
    ErrnoDisk spare = errnoDisk(bench, "spare", 0);
    disk.beRestless();
    spare.beRestless();
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);

    assertPattern(mounted, OLD, 0, (int) SIZE);
    mounted.write(AT, Images.pattern(NEW, AT, (int) Images.MIB));
    mounted.control("remap 100");
    mounted.sync();

    assertPattern(mounted, NEW, AT, (int) Images.MIB);
    assertThat(mounted.status().state()).isEqualTo("HEALTHY");
    assertThat(mounted.status().number("io.readErrors")).isZero();
    assertThat(mounted.status().number("io.writeErrors")).isZero();
    assertThat(mounted.status().remapped()).isEqualTo(1);
    mounted.umount().orFail();
    Mounted again = bench.mount(disk.image(), "--spare", spare.image().toString());
    assertPattern(again, NEW, AT, (int) Images.MIB);
  }

  @Test
  void shouldStayAnErrorWhenAnFsyncTimedOutOnce(Workbench bench) throws IOException {
    ErrnoDisk disk = errnoDisk(bench, "disk", OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    disk.failFlushes(110);
    assertThatThrownBy(mounted::sync).hasMessage("Connection timed out");
    disk.failFlushes(0);

    assertThatThrownBy(mounted::sync).hasMessage("Input/output error");
    assertUnhealthy(mounted, "EMERGENCY", "a flush failed", "FLUSH_FAILED");
    assertPattern(mounted, NEW, AT, BLOCK);
    assertNothingSpent(mounted);
  }

  @ParameterizedTest
  @ValueSource(ints = {19, 110, 122})
  void shouldUseNoSlotPerAttemptAndComeBackWhenTheSpareFailsWrites(int errno, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    ErrnoDisk spare = errnoDisk(bench, "spare", 0);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, 4 * BLOCK));
    spare.failWrites(errno);

    for (int i = 0; i < 8; i++) {
      assertWriteFails(mounted, AT, Images.pattern(NEW, AT, BLOCK));
    }

    assertUnhealthy(mounted, "EMERGENCY", "no block can be moved", "EMERGENCY");
    assertThat(mounted.status().spareUsed()).isLessThanOrEqualTo(1);
    assertThat(mounted.status().spareBurnt()).isZero();
    spare.failWrites(0);
    awaitHealthy(mounted);
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    assertPattern(mounted, NEW, AT, BLOCK);
  }

  @Test
  void shouldServeWhatIsNotMovedWhenTheSpareVanishes(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, 4 * BLOCK), Fault.read(AT + 8 * BLOCK, BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    spare.kill();

    assertThatThrownBy(() -> mounted.read(AT, BLOCK)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> mounted.read(AT + 8 * BLOCK, BLOCK)).isInstanceOf(IOException.class);

    assertUnhealthy(mounted, "EMERGENCY", "no block can be moved", "EMERGENCY");
    assertThat(mounted.status().pending()).as("it could not be noted").isZero();
    assertThat(mounted.status().spareUsed()).isEqualTo(1);
    assertPattern(mounted, OLD, AT + Images.MIB, BLOCK);
    // Closing what was written flushes, and that needs the spare: this stays.
    assertWriteFails(mounted, AT + BLOCK, Images.pattern(NEW, AT + BLOCK, BLOCK));
    assertUnhealthy(mounted, "EMERGENCY", "a flush failed", "FLUSH_FAILED");
    assertPattern(mounted, OLD, AT + Images.MIB, BLOCK);
    assertThat(mounted.status().spareUsed()).isEqualTo(1);
  }

  @Test
  void shouldSpendNothingWhenTheBackingsServerIsKilled(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path spare = bench.disk("spare.img", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK);
    disk.kill();

    for (long at = 0; at < SIZE; at += SIZE / 32) {
      long place = at;
      assertThatThrownBy(() -> mounted.read(place, BLOCK)).isInstanceOf(IOException.class);
    }

    assertUnhealthy(mounted, "SUSPENDED", "does not answer", "SUSPENDED");
    assertThatThrownBy(() -> mounted.write(AT, new byte[BLOCK])).isInstanceOf(IOException.class);
    assertUnhealthy(mounted, "EMERGENCY", "a flush failed", "FLUSH_FAILED");
    assertNothingSpent(mounted);
    mounted.umount();
    mounted.awaitDaemonGone();
    Mounted again = bench.mount(disk.store(), "--spare", spare.toString());
    assertPattern(again, OLD, 0, (int) Images.MIB);
    assertNothingSpent(again);
  }

  @Test
  void shouldSpendNothingWhenTheDeviceBehindALoopDeviceVanishes(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path device = bench.loop(disk.image()).path();
    Mounted mounted = bench.mountFormatted(device, BLOCK);
    disk.kill();

    // A loop device makes EIO of whatever its file says.
    for (long at = 0; at < SIZE; at += SIZE / 32) {
      long place = at;
      assertThatThrownBy(() -> mounted.read(place, BLOCK)).isInstanceOf(IOException.class);
    }

    assertUnhealthy(mounted, "SUSPENDED", "no place of the backing answers", "SUSPENDED");
    assertNothingSpent(mounted);
  }
}
