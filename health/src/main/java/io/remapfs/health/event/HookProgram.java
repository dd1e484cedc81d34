package io.remapfs.health.event;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The program that a user wants run for events, and one run of it: in a session and process group
 * of its own, so that it can be ended with all that it started; with nothing of the daemon's
 * environment and open files; and, unlike the daemon, nothing that the OOM killer must spare.
 *
 * <p>The event is one line of JSON on its standard input, and in its environment. What it prints
 * goes nowhere, but for the first line of one that fails. Used by one thread.
 *
 * @param command its absolute path
 * @param mountPoint where the image is served
 * @param backing the disk
 */
record HookProgram(Path command, Path mountPoint, Path backing) {
  private static final String PREFIX = "REMAPFS_EVENT_";
  private static final String SCRIPT =
      "{ echo 0 >/proc/self/oom_score_adj; } 2>/dev/null; exec \"$1\"";

  /** How often a run is looked at; its end is noticed at once. */
  private static final long LOOK_MILLIS = 50;

  /** Between asking it to end and ending it. */
  private static final long TERM_MILLIS = 1000;

  private static final int SIGTERM = 15;
  private static final int SIGKILL = 9;
  private static final int MAX_SAID_BYTES = 160;
  private static final int MAX_CHUNKS_A_LOOK = 16;

  /**
   * Runs it to its end.
   *
   * @param droppedBefore the events before this one that it is not run for
   * @param limit the longest it may take
   * @param stop whether it is to be ended at once, asked again and again
   * @return what went wrong, to be put behind "the program"; empty if nothing did
   * @throws IOException if it cannot be started
   */
  String run(DiskEvent event, long droppedBefore, Duration limit, BooleanSupplier stop)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("setsid", "/bin/sh", "-c", SCRIPT, "remapfs-hook", command.toString());
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    describe(event, droppedBefore, environment);
    // Not where the daemon was started: that may have to be unmounted while we run.
    Process process = builder.directory(Path.of("/").toFile()).redirectErrorStream(true).start();
    try {
      return await(process, input(event, droppedBefore), limit, stop);
    } finally {
      process.getInputStream().close();
    }
  }

  private String await(Process process, byte[] input, Duration limit, BooleanSupplier stop)
      throws InterruptedException {
    long startNanos = System.nanoTime();
    give(process, input);
    FirstLine said = new FirstLine(process.getInputStream());
    while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      said.read();
      if (stop.getAsBoolean()) {
        end(process);
        return "was ended by the unmount";
      }
      if (System.nanoTime() - startNanos >= limit.toNanos()) {
        end(process);
        return "did not end within " + limit.toSeconds() + " seconds and was ended" + said;
      }
    }
    said.read();
    int exitCode = process.exitValue();
    return exitCode == 0 ? "" : "failed with exit code " + exitCode + said;
  }

  /** A pipe takes 64 KiB without anybody reading; an event is a few at most. */
  private static void give(Process process, byte[] input) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(input);
    } catch (IOException e) {
      return; // It need not read: all of it is in its environment too.
    }
  }

  /** With everything that it started, but for what made a session of its own. */
  private static void end(Process process) throws InterruptedException {
    int group = -Math.toIntExact(process.pid());
    LibC.INSTANCE.kill(group, SIGTERM);
    process.waitFor(TERM_MILLIS, TimeUnit.MILLISECONDS);
    LibC.INSTANCE.kill(group, SIGKILL);
    process.waitFor(TERM_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void describe(DiskEvent event, long droppedBefore, Map<String, String> environment) {
    environment.put(PREFIX + "SEQ", Long.toString(event.sequence()));
    environment.put(PREFIX + "TIME", event.time().toString());
    environment.put(PREFIX + "KIND", event.kind().name());
    environment.put(PREFIX + "BLOCK", event.blockIndex() < 0 ? "" : "" + event.blockIndex());
    environment.put(PREFIX + "SLOT", event.slot() < 0 ? "" : "" + event.slot());
    environment.put(PREFIX + "MESSAGE", event.message());
    environment.put(PREFIX + "MOUNTPOINT", mountPoint.toString());
    environment.put(PREFIX + "BACKING", backing.toString());
    environment.put(PREFIX + "DROPPED", Long.toString(droppedBefore));
  }

  private byte[] input(DiskEvent event, long droppedBefore) {
    Map<String, Object> object = event.toMap();
    object.put("mountPoint", mountPoint.toString());
    object.put("backing", backing.toString());
    object.put("dropped", droppedBefore);
    return (DiskEvent.json(object) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Reads what comes, without waiting for more, and keeps the beginning of the first line. */
  private static final class FirstLine {
    private final InputStream output;
    private final byte[] chunk = new byte[1 << 13];
    private final byte[] kept = new byte[MAX_SAID_BYTES];
    private int keptBytes;
    private boolean ended;

    FirstLine(InputStream output) {
      this.output = output;
    }

    /**
     * Reads what there is. When a process ends, the JDK moves what is left from the pipe to memory
     * and closes the pipe; a read that meets this fails, and the next one finds the rest.
     */
    void read() {
      for (int tries = 0; tries < 3; tries++) {
        try {
          for (int i = 0; i < MAX_CHUNKS_A_LOOK && output.available() > 0; i++) {
            keep(output.read(chunk));
          }
          return;
        } catch (IOException e) {
          Thread.onSpinWait();
        }
      }
    }

    private void keep(int count) {
      for (int i = 0; i < count && !ended; i++) {
        ended = chunk[i] == '\n' || keptBytes == MAX_SAID_BYTES;
        if (!ended) {
          kept[keptBytes++] = chunk[i];
        }
      }
    }

    /** Such as ": no route to host"; empty if it printed nothing. */
    @Override
    public String toString() {
      String line = new String(kept, 0, keptBytes, StandardCharsets.UTF_8).strip();
      return line.isEmpty() ? "" : ": " + line;
    }
  }
}
