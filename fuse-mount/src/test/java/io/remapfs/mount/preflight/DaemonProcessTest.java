package io.remapfs.mount.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonProcessTest {
  @TempDir private Path proc;

  @Test
  void shouldWaitUntilAProcessHasEnded() throws Exception {
    Process process = new ProcessBuilder("sleep", "60").start();
    long startTicks = DaemonProcess.startTicks(process.pid());
    DaemonProcess daemon = DaemonProcess.find(process.pid(), startTicks).orElseThrow();
    assertThat(daemon.isRunning()).isTrue();
    assertThat(daemon.awaitEnd(0)).isFalse();
    process.destroyForcibly();
    assertThat(daemon.awaitEnd(20)).isTrue();
  }

  @Test
  void shouldTellALaterProcessWithTheSameNumberApart() throws IOException {
    process(50, 1000, "50", "S");
    DaemonProcess daemon = DaemonProcess.find(proc, 50, 1000).orElseThrow();

    process(50, 2000, "50", "S");

    assertThat(daemon.isRunning()).isFalse();
    assertThat(daemon.awaitEnd(0)).isTrue();
    assertThat(DaemonProcess.find(proc, 50, 1000)).isEmpty();
  }

  @Test
  void shouldFindItsOwnNumberWhenItRunsInAContainer() throws IOException {
    process(50, 2000, "50", "S");
    process(700, 1000, "700\t50", "S");
    process(800, 3000, "800\t50", "S");

    assertThat(DaemonProcess.find(proc, 50, 1000))
        .hasValueSatisfying(found -> assertThat(found.pid()).isEqualTo(700));
  }

  @Test
  void shouldNotWaitForAZombie() throws IOException {
    process(50, 1000, "50", "Z");

    assertThat(DaemonProcess.find(proc, 50, 1000)).isEmpty();
  }

  @Test
  void shouldBeEmptyWhenThereIsNoSuchProcess() {
    assertThat(DaemonProcess.find(4_194_305, 1)).isEmpty(); // above the kernel's greatest pid
    assertThat(DaemonProcess.startTicks(4_194_305)).isEqualTo(-1);
  }

  private void process(int pid, int startTicks, String namespacePids, String state)
      throws IOException {
    Path process = Files.createDirectories(proc.resolve(Integer.toString(pid)));
    Files.writeString(
        process.resolve("stat"),
        pid + " (a) b (c) " + state + " 1".repeat(18) + " " + startTicks + " 0 0\n");
    Files.writeString(process.resolve("status"), "Name:\tjava\nNSpid:\t" + namespacePids + "\n");
  }
}
