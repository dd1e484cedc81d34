package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A process that is not ours to wait for, told apart from every other with the same number: a later
 * one here, and one in another PID namespace.
 *
 * @param proc where the process file system is mounted
 * @param pid its number here
 * @param startTicks when it started, in clock ticks since boot (proc(5), field 22)
 */
public record DaemonProcess(Path proc, long pid, long startTicks) {
  private static final Path PROC = Path.of("/proc");
  private static final int STATE = 0;
  private static final int START_TIME = 19;
  private static final String NAMESPACE_PIDS = "NSpid:";

  /**
   * The process that says of itself that this is its number and when it started. In a container it
   * has another number than seen from outside; empty where it cannot be seen at all.
   */
  public static Optional<DaemonProcess> find(long pid, long startTicks) {
    return find(PROC, pid, startTicks);
  }

  static Optional<DaemonProcess> find(Path proc, long pid, long startTicks) {
    DaemonProcess here = new DaemonProcess(proc, pid, startTicks);
    if (here.isRunning()) {
      return Optional.of(here);
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (namespacePid(process) == pid) {
          long number = Long.parseLong(String.valueOf(process.getFileName()));
          DaemonProcess candidate = new DaemonProcess(proc, number, startTicks);
          if (candidate.isRunning()) {
            return Optional.of(candidate);
          }
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  /** When a process started, in clock ticks since boot; -1 where there is none of that number. */
  public static long startTicks(long pid) {
    return fields(PROC, pid).map(fields -> Long.parseLong(fields[START_TIME])).orElse(-1L);
  }

  /** The number of a process in the innermost PID namespace that it is in; -1 if it is gone. */
  private static long namespacePid(Path process) {
    try {
      for (String line : Files.readAllLines(process.resolve("status"))) {
        if (line.startsWith(NAMESPACE_PIDS)) {
          return Long.parseLong(line.substring(line.lastIndexOf('\t') + 1).strip());
        }
      }
    } catch (IOException | RuntimeException e) {
      return -1;
    }
    return -1;
  }

  /** The fields after the command's name, which may itself contain spaces and brackets. */
  private static Optional<String[]> fields(Path proc, long pid) {
    try {
      String stat = Files.readString(proc.resolve(Long.toString(pid)).resolve("stat"));
      return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether it still runs. A zombie has closed everything and only waits for its parent. */
  public boolean isRunning() {
    return fields(proc, pid)
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
