package io.remapfs.it.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs a command to its end, with a time limit, and keeps what it said. Thread-safe: no state. */
public final class Shell {
  private static final Duration DEFAULT_LIMIT = Duration.ofSeconds(60);

  private Shell() {}

  /** What a finished command left: its exit code and both its streams as text. */
  public record Result(List<String> command, int exitCode, String stdout, String stderr) {
    /**
     * Returns this result when the command succeeded.
     *
     * @throws AssertionError with the command and its output when it did not
     */
    public Result orFail() {
      if (exitCode != 0) {
        throw new AssertionError(this);
      }
      return this;
    }

    @Override
    public String toString() {
      return String.join(" ", command) + " -> exit " + exitCode + "\n" + stdout + stderr;
    }
  }

  /** Runs {@code command} with the default limit of one minute. */
  public static Result run(String... command) {
    return run(DEFAULT_LIMIT, Map.of(), command);
  }

  /** Runs {@code command} with a limit in place of the default one. */
  public static Result run(Duration limit, String... command) {
    return run(limit, Map.of(), command);
  }

  /**
   * Runs {@code command} with {@code environment} added to this process's own.
   *
   * @throws AssertionError when it is still running at the limit; it and its children are killed
   */
  public static Result run(Duration limit, Map<String, String> environment, String... command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    // A command that asks for confirmation must get end-of-file, not a hang.
    builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    try {
      Process process = builder.start();
      CompletableFuture<String> stdout = drain(process.getInputStream());
      CompletableFuture<String> stderr = drain(process.getErrorStream());
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError("still running after " + limit + ": " + String.join(" ", command));
      }
      // A daemon that kept our pipe open would hang the drain; five seconds show that it did.
      return new Result(
          List.of(command),
          process.exitValue(),
          stdout.get(5, TimeUnit.SECONDS),
          stderr.get(5, TimeUnit.SECONDS));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("output not closed: " + String.join(" ", command), e);
    }
  }

  private static CompletableFuture<String> drain(InputStream stream) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try (stream) {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
              } catch (IOException e) {
                text.completeExceptionally(e);
              }
            },
            "shell-drain");
    reader.setDaemon(true);
    reader.start();
    return text;
  }
}
