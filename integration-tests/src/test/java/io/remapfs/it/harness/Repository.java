package io.remapfs.it.harness;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Where the product under test lies. */
public final class Repository {
  private static boolean built;

  private Repository() {}

  /**
   * The folder with the launcher: the nearest one upwards that has {@code CONTRIBUTING.md} or
   * {@code remapfs}.
   */
  public static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    for (Path candidate = folder; candidate != null; candidate = candidate.getParent()) {
      if (Files.isDirectory(candidate.resolve("remap-engine"))) {
        return candidate;
      }
    }
    throw new IllegalStateException("not below the repository: " + folder);
  }

  /**
   * Lets the launcher build the program where it is stale, once a run, outside any test's limit.
   */
  public static synchronized void buildOnce() {
    if (!built) {
      Shell.run(Duration.ofMinutes(5), launcher().toString(), "--version").orFail();
      built = true;
    }
  }

  /** The launcher that users run. */
  public static Path launcher() {
    return root().resolve("remapfs");
  }
}
