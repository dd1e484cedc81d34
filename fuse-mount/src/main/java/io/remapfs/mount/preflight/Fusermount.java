package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The set-uid helper through which an ordinary user mounts and unmounts. */
final class Fusermount {
  private Fusermount() {}

  /** Where it is, if installed. */
  static Optional<Path> find() {
    for (String directory : List.of("/usr/bin", "/bin", "/usr/local/bin")) {
      for (String name : List.of("fusermount", "fusermount3")) {
        Path path = Path.of(directory, name);
        if (Files.isExecutable(path)) {
          return Optional.of(path);
        }
      }
    }
    return Optional.empty();
  }

  /** Returns whether the unmount succeeded. */
  static boolean unmount(Path directory, boolean lazily) {
    Optional<Path> helper = find();
    if (helper.isEmpty()) {
      return false;
    }
    try {
      Process process =
          new ProcessBuilder(helper.get().toString(), lazily ? "-uz" : "-u", directory.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
