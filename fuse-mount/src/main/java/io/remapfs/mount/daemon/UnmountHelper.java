package io.remapfs.mount.daemon;

import io.remapfs.engine.device.MountTable;
import io.remapfs.mount.preflight.MountUsers;
import io.remapfs.mount.session.UnmountException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one thing of root's that a daemon without root still needs: a child that detaches the loop
 * devices on the daemon's image and unmounts it, when it is asked to or when the daemon is gone, so
 * that no dead mount stays. It is a shell script of some lines; all it works on was fixed when it
 * was started, and it takes no arguments from the daemon.
 *
 * <p>Thread-safe.
 */
final class UnmountHelper implements AutoCloseable {
  private static final String SCRIPT = "unmount-helper.sh";
  private static final String READY = "ready";
  private static final long END_SECONDS = 30;

  private final Process process;
  private final OutputStream requests;
  private final BufferedReader answers;
  private final Path directory;

  private UnmountHelper(Process process, Path directory) {
    this.process = process;
    this.requests = process.getOutputStream();
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.directory = directory;
  }

  /**
   * Starts it, as root and after the mount.
   *
   * @param directory our mount point
   * @throws IOException if it cannot be started, or nothing is mounted there
   */
  static UnmountHelper start(Path directory) throws IOException {
    MountTable.Mount mount =
        MountTable.read()
            .at(directory)
            .filter(MountTable.Mount::isRemapfs)
            .orElseThrow(() -> new IOException("nothing is mounted at " + directory));
    String script = script();
    // The script comes through the pipe, for `ps` to stay readable. It is waited for, so that
    // `head` finds nothing behind it that it could swallow.
    ProcessBuilder builder =
        new ProcessBuilder(
            "/bin/sh",
            "-c",
            "eval \"$(head -n \"$3\")\"",
            "remapfs-unmount-helper",
            directory.toString(),
            mount.device(),
            Long.toString(script.lines().count()));
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("LC_ALL", "C");
    // Not where the daemon was started: that may have to be unmounted while we run.
    builder.directory(Path.of("/").toFile()).redirectError(ProcessBuilder.Redirect.DISCARD);
    UnmountHelper helper = new UnmountHelper(builder.start(), directory);
    if (!READY.equals(helper.ask(script))) {
      helper.process.destroyForcibly();
      throw new IOException("/bin/sh does not run it");
    }
    return helper;
  }

  private static String script() {
    try (@Nullable InputStream in = UnmountHelper.class.getResourceAsStream(SCRIPT)) {
      if (in == null) {
        throw new IllegalStateException(SCRIPT + " is missing from the program");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Detaches and unmounts.
   *
   * @throws UnmountException if somebody still uses the mount, which then goes on
   */
  synchronized void release() throws UnmountException {
    @Nullable String answer;
    try {
      answer = ask("release\n");
    } catch (IOException e) {
      answer = null;
    }
    if (answer == null) {
      throw new UnmountException(
          "the helper that unmounts "
              + directory
              + " is gone; run as root: remapfs umount "
              + directory);
    }
    if (!answer.equals("ok")) {
      throw new UnmountException(
          answer.contains("busy")
              ? directory + " is in use by " + MountUsers.describe(directory)
              : directory + " cannot be unmounted: " + answer);
    }
  }

  /** One exchange; null if it is gone. */
  private @Nullable String ask(String lines) throws IOException {
    requests.write(lines.getBytes(StandardCharsets.UTF_8));
    requests.flush();
    return answers.readLine();
  }

  /** Lets it go: it clears what is left of the mount, if any, and ends. */
  @Override
  public void close() {
    try {
      requests.close();
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the unmount helper does not end");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
