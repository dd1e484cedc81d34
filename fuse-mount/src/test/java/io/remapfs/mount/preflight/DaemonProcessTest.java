package io.remapfs.mount.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DaemonProcessTest {
  @Test
  void shouldWaitUntilAProcessHasEnded() throws Exception {
    Process process = new ProcessBuilder("sleep", "60").start();
    DaemonProcess daemon = DaemonProcess.of(process.pid()).orElseThrow();
    assertThat(daemon.isRunning()).isTrue();
    assertThat(daemon.awaitEnd(0)).isFalse();
    process.destroyForcibly();
    assertThat(daemon.awaitEnd(20)).isTrue();
  }

  @Test
  void shouldTellALaterProcessWithTheSameNumberApart() {
    long pid = ProcessHandle.current().pid();
    assertThat(new DaemonProcess(pid, 1).isRunning()).isFalse();
    assertThat(DaemonProcess.of(pid).orElseThrow().isRunning()).isTrue();
  }

  @Test
  void shouldBeEmptyWhenThereIsNoSuchProcess() {
    assertThat(DaemonProcess.of(4_194_305)).isEmpty(); // above the kernel's greatest pid
  }
}
