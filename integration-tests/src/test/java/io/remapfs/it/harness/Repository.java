package io.remapfs.it.harness;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the product under test lies. */
public final class Repository {
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

  /** The launcher that users run. */
  public static Path launcher() {
    return root().resolve("remapfs");
  }
}
