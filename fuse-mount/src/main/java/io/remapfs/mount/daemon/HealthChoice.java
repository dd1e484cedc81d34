package io.remapfs.mount.daemon;

import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where the health of a disk is kept.
 *
 * @param kept whether it is kept in a file at all
 * @param named the file that the user named, or null for the one that needs no name
 */
public record HealthChoice(boolean kept, @Nullable Path named) {
  private static final String NONE = "none";
  private static final String SUFFIX = ".health";

  /** Where the files of devices lie, which have no place beside them. */
  private static final Path OF_DEVICES = Path.of("/var/lib/remapfs");

  /** What {@code --health} says; null where it is not given. */
  public static HealthChoice parse(@Nullable String text) {
    if (text == null) {
      return new HealthChoice(true, null);
    }
    return text.equals(NONE)
        ? new HealthChoice(false, null)
        : new HealthChoice(true, Path.of(text).toAbsolutePath().normalize());
  }

  /**
   * Refuses a name that cannot be that of a health file.
   *
   * @param others the backing and its spares
   */
  void requireUsable(List<Path> others, Path mountPoint) throws RefusedException {
    if (named == null) {
      return;
    }
    Path parent = named.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw RefusedException.usage(
          "the directory of --health, " + parent + ", does not exist; create it first");
    }
    if (Files.exists(named) && !Files.isRegularFile(named)) {
      throw RefusedException.usage(
          named + " is not a regular file; name a file with --health, or none");
    }
    try {
      for (Path other : others) {
        if (named.equals(other)
            || (Files.exists(named) && Files.exists(other) && Files.isSameFile(named, other))) {
          throw RefusedException.usage(
              "--health names " + other + ", which is the disk or its spare; name another file");
        }
      }
      if (parent.toRealPath().startsWith(mountPoint.toRealPath())) {
        throw RefusedException.usage(
            "the health file " + named + " would lie under the mount itself; name another place");
      }
    } catch (IOException e) {
      throw RefusedException.refused("the health file " + named + " cannot be looked at: " + e);
    }
  }

  /** The file, where there is to be one. */
  Path fileFor(Path backing, boolean isBlockDevice, UUID setUuid) {
    if (named != null) {
      return named;
    }
    if (isBlockDevice) {
      return OF_DEVICES.resolve(setUuid + SUFFIX);
    }
    Path real;
    try {
      real = backing.toRealPath();
    } catch (IOException e) {
      real = backing;
    }
    return real.resolveSibling(real.getFileName() + SUFFIX);
  }
}
