package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which spare goes with a backing.
 *
 * @param path the spare
 * @param exists whether it is there already
 */
public record SpareChoice(Path path, boolean exists) {
  /** What is added to a backing's name for its default spare. */
  public static final String SUFFIX = ".remap";

  /** The smallest spare made by default, in bytes. */
  public static final long LEAST_BYTES = 16L << 20;

  /**
   * Chooses without changing anything.
   *
   * @param backing the backing, which exists
   * @param isBlockDevice whether it is a block device, which has no default spare
   * @param named what {@code --spare} says, or null
   */
  public static SpareChoice choose(Path backing, boolean isBlockDevice, @Nullable Path named)
      throws RefusedException {
    if (named == null && isBlockDevice) {
      throw RefusedException.usage(
          backing + " is a block device and needs --spare, a file or device on another disk");
    }
    Path path = named != null ? named.toAbsolutePath().normalize() : besides(backing);
    if (!Files.exists(path)) {
      Path parent = path.getParent();
      if (parent == null || !Files.isDirectory(parent)) {
        throw RefusedException.usage(
            "the spare's directory " + parent + " does not exist; create it first");
      }
      return new SpareChoice(path, false);
    }
    requireDifferent(backing, path);
    requireContents(path);
    return new SpareChoice(path, true);
  }

  private static Path besides(Path backing) {
    // Beside the file itself, not beside a symbolic link to it: both names then find one spare.
    Path real;
    try {
      real = backing.toRealPath();
    } catch (IOException e) {
      real = backing.toAbsolutePath().normalize();
    }
    return real.resolveSibling(real.getFileName() + SUFFIX);
  }

  private static void requireDifferent(Path backing, Path spare) throws RefusedException {
    try {
      if (Files.isSameFile(backing, spare)) {
        throw RefusedException.usage(
            "the backing and the spare are the same file " + spare + "; name two different ones");
      }
    } catch (IOException e) {
      throw RefusedException.refused("the spare " + spare + " cannot be looked at: " + e);
    }
  }

  private static void requireContents(Path spare) throws RefusedException {
    if (Files.isDirectory(spare)) {
      throw RefusedException.usage(
          "the spare " + spare + " is a directory; name a file or a block device");
    }
    try {
      if (Files.isRegularFile(spare) && Files.size(spare) == 0) {
        throw RefusedException.usage(
            "the spare " + spare + " is an empty file; remove it, and it is made anew");
      }
    } catch (IOException e) {
      throw RefusedException.refused("the spare " + spare + " cannot be looked at: " + e);
    }
  }

  /** The size of a spare made by default: 2 % of the backing, 16 MiB at least, whole 64 KiB. */
  public static long defaultSizeBytes(long backingSizeBytes) {
    long share = Math.max(backingSizeBytes / 50, LEAST_BYTES);
    return (share + 0xFFFF) & ~0xFFFFL;
  }
}
