package io.remapfs.mount.daemon;

import io.remapfs.health.ProcessFacts;
import io.remapfs.mount.preflight.DaemonProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Measures this process for the report. */
final class ProcessProbe {
  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessProbe() {}

  /**
   * Measures now.
   *
   * @param user as whom it runs
   * @param privileges what it may do, as measured when it was ready
   * @param ioFlusher whether the session's threads have that protection
   * @param notes what the report says besides
   */
  static ProcessFacts measure(
      String user,
      String privileges,
      ProcessProtection protection,
      boolean ioFlusher,
      List<String> notes) {
    Runtime runtime = Runtime.getRuntime();
    long pid = ProcessHandle.current().pid();
    return new ProcessFacts(
        pid,
        DaemonProcess.startTicks(pid),
        user,
        privileges,
        residentBytes(),
        runtime.totalMemory() - runtime.freeMemory(),
        runtime.maxMemory(),
        protection.memoryLocked(),
        ioFlusher,
        notes);
  }

  /** The memory of this process that is in RAM, in bytes; -1 where that cannot be told. */
  static long residentBytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
    return -1;
  }
}
