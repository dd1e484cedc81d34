package io.remapfs.it.docker;

import io.remapfs.it.harness.Repository;
import io.remapfs.it.harness.Shell;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;

/**
 * A Docker engine for this run of the tests alone, with the image under test.
 *
 * <p>{@code engine.sh} does the work, in a session of its own: it takes everything down when its
 * input ends, which is also what the death of this JVM does to it. Thread-safe.
 */
final class Engine implements AutoCloseable {
  /** The image under test. */
  static final String IMAGE = "remapfs:under-test";

  private static final String BASE_IMAGE = "remapfs-base:this-machine";
  private static final Duration BUILD_LIMIT = Duration.ofMinutes(4);
  private static final long TAKE_DOWN_SECONDS = 120;

  private static volatile @Nullable Engine running;

  private final Process script;
  private final Path folder;

  private Engine(Process script, Path folder) {
    this.script = script;
    this.folder = folder;
  }

  /** The engine that was started with {@link #startWithImage}, or null. */
  static @Nullable Engine running() {
    return running;
  }

  /** Starts an engine without any image. */
  static Engine start() {
    Path log = Repository.root().resolve("integration-tests/target/engine.log");
    try {
      Files.createDirectories(log.resolveSibling("."));
      Process script =
          new ProcessBuilder("setsid", tool("engine.sh"))
              .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      String folder = script.inputReader().readLine();
      if (folder == null) {
        throw new IllegalStateException("no Docker engine came up: " + Files.readString(log));
      }
      return new Engine(script, Path.of(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts an engine and builds the image under test in it; about a quarter of a minute. */
  static Engine startWithImage() {
    Repository.buildOnce();
    Engine engine = start();
    try {
      engine.makeBaseImage();
      engine.buildImage();
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
    running = engine;
    return engine;
  }

  private void makeBaseImage() {
    Path root = folder.resolve("base");
    Shell.run(BUILD_LIMIT, tool("base-image.sh"), root.toString(), System.getProperty("java.home"))
        .orFail();
    // As public images of a JRE have them.
    String path = "/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
    String importing =
        "tar -C '%s' -c . | docker import -c 'ENV JAVA_HOME=/opt/java/openjdk' -c 'ENV PATH=%s' - %s";
    docker("sh", "-c", importing.formatted(root, path, BASE_IMAGE));
    Shell.run("rm", "-rf", root.toString()).orFail();
  }

  private void buildImage() {
    docker(
        "docker",
        "build",
        "--network=none",
        "--build-arg=BASE_IMAGE=" + BASE_IMAGE,
        "--build-arg=BUILD_IMAGE=" + BASE_IMAGE,
        "--tag=" + IMAGE,
        "--file=" + Repository.root().resolve("packaging/docker/Dockerfile"),
        Repository.root().toString());
  }

  /** Runs a command whose Docker is this engine. */
  private void docker(String... command) {
    // BuildKit would need the CLI's plugin buildx, which Debian's package does not bring.
    Shell.run(BUILD_LIMIT, Map.of("DOCKER_HOST", socket(), "DOCKER_BUILDKIT", "0"), command)
        .orFail();
  }

  private static String tool(String name) {
    File tool = Repository.root().resolve("integration-tests/src/test/docker/" + name).toFile();
    return tool.getPath();
  }

  /** {@code unix:///...}, as DOCKER_HOST takes it. */
  String socket() {
    return "unix://" + folder.resolve("docker.sock");
  }

  Path folder() {
    return folder;
  }

  /** Below it the tests may leave mounts and loop devices: they go with the engine. */
  Path work() {
    return folder.resolve("work");
  }

  /** The process that watches over the engine. */
  ProcessHandle script() {
    return script.toHandle();
  }

  /**
   * Returns when the engine and all it made are gone.
   *
   * @throws IllegalStateException if something is left
   */
  @Override
  public void close() {
    running = null;
    try {
      script.getOutputStream().close();
      if (!script.waitFor(TAKE_DOWN_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the engine in " + folder + " does not end");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (Files.exists(folder)) {
      throw new IllegalStateException("the engine left " + folder);
    }
    Thread.setDefaultUncaughtExceptionHandler(Engine::tell);
  }

  /** All but the cry of Testcontainers' shutdown hook, which looks for an engine that is gone. */
  private static void tell(Thread thread, Throwable failure) {
    if (thread.getThreadGroup() != DockerClientFactory.TESTCONTAINERS_THREAD_GROUP) {
      failure.printStackTrace();
    }
  }
}
