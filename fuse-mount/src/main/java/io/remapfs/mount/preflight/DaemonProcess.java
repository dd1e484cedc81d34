package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A process that is not ours to wait for, told apart from a later one with the same number.
 *
 * @param pid its number
 * @param startTicks when it started, in clock ticks since boot (proc(5), field 22)
 */
public record DaemonProcess(long pid, long startTicks) {
  private static final int STATE = 0;
  private static final int START_TIME = 19;

  /** The process with this number; empty where there is none, as in another PID namespace. */
  public static Optional<DaemonProcess> of(long pid) {
    return fields(pid).map(fields -> new DaemonProcess(pid, Long.parseLong(fields[START_TIME])));
  }

  /** The fields after the command's name, which may itself contain spaces and brackets. */
  private static Optional<String[]> fields(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether it still runs. A zombie has closed everything and only waits for its parent. */
  public boolean isRunning() {
    return fields(pid)
        .filter(fields -> Long.parseLong(fields[START_TIME]) == startTicks)
        .filter(fields -> !fields[STATE].equals("Z") && !fields[STATE].equals("X"))
        .isPresent();
  }

  /** Waits until it has ended; false where it has not within the time. */
  public boolean awaitEnd(long timeoutSeconds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
    while (isRunning()) {
      if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
        return false;
      }
      Pause.millis(5);
    }
    return true;
  }
}
