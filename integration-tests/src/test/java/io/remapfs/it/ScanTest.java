package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The scanner on real mounts of a disk that fails. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class ScanTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int BLOCK = 4096;

  private static void awaitScan(Mounted mounted, String state) {
    Await.until(
        "the scan to be " + state, LIMIT, () -> state.equals(mounted.status().find("scan.state")));
  }

  @Test
  void shouldFindAndSalvageEveryBadBlockThatNobodyHasRead(Workbench bench) {
    FailingDisk disk = bench.filledFailingDisk("disk", 32 * Images.MIB, 1);
    disk.faults(
        Fault.read(100L * BLOCK, 3 * BLOCK),
        Fault.read(5000L * BLOCK + 512, 512),
        Fault.salvageable(7000L * BLOCK, BLOCK));
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--scan-interval", "off");
    Mounted.remapfs(
            "scan", "start", mounted.mountPoint().toString(), "--rate", "1G", "--cpu", "100")
        .orFail();
    awaitScan(mounted, "off");
    assertThat(mounted.status().pending()).isEqualTo(4);
    assertThat(mounted.status().salvaged()).isEqualTo(1);
    assertThat(mounted.text("badblocks")).isEqualTo("100\n101\n102\n5000\n");
    assertThat(mounted.text("mapfile"))
        .doesNotContain("?\n0x")
        .contains("0x00000000  0x00064000  +");
    assertThat(mounted.text("events")).contains("SCAN_FINISHED");
    assertThat(mounted.status().number("io.reads")).isZero();
    mounted.umount().orFail();
  }

  @Test
  void shouldGoOnWhereItWasWhenTheDaemonIsKilled(Workbench bench) throws Exception {
    Path backing = bench.disk("disk.img", 64 * Images.MIB);
    Mounted first = bench.mount(backing, "--scan-interval", "off");
    Mounted.remapfs("scan", "start", first.mountPoint().toString(), "--rate", "8M", "--cpu", "100")
        .orFail();
    Await.until(
        "a quarter to be scanned",
        LIMIT,
        () -> first.status().number("scan.doneBytes") >= 16 * Images.MIB);
    long before = first.status().number("scan.doneBytes");
    first.kill9();
    first.awaitDaemonGone();
    Shell.run("fusermount3", "-u", first.mountPoint().toString());
    Mounted second = bench.mount(backing, "--scan-interval", "off");
    assertThat(second.status().number("scan.doneBytes")).isGreaterThanOrEqualTo(before);
    assertThat(second.status().number("scan.tour")).isEqualTo(1);
    awaitScan(second, "off");
    assertThat(second.status().number("scan.readBytes"))
        .isBetween(64 * Images.MIB, 65 * Images.MIB);
    second.umount().orFail();
  }
}
