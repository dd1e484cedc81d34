package io.remapfs.mount.cli;

import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.HealthJsonReader;
import io.remapfs.health.surface.PictureSyntaxException;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a picture's data come from: a mounted disk, or a file that was saved from one.
 *
 * @param given the directory or file, as the user named it
 */
record MapSource(Path given) {
  private static final String NAME = "health.json";

  /** Whether it changes. */
  boolean isMount() {
    return Files.isDirectory(given);
  }

  /** The data as they are now. */
  byte[] bytes() throws RefusedException {
    if (isMount()) {
      Path file = new ControlClient(given).mountPoint().file(NAME);
      if (!Files.exists(file)) {
        throw RefusedException.refused(
            "the daemon that serves "
                + given
                + " is of an older version of remapfs, which has no "
                + NAME
                + "; mount it anew");
      }
      return read(file, ExitCode.FAILED);
    }
    if (!Files.exists(given)) {
      throw RefusedException.usage(
          given + " does not exist; name the directory of a mount, or a saved " + NAME);
    }
    if (!Files.isRegularFile(given)) {
      throw RefusedException.usage(
          given + " is neither the directory of a mount nor a saved " + NAME);
    }
    return read(given, ExitCode.USAGE);
  }

  private static byte[] read(Path file, ExitCode onFailure) throws RefusedException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(HealthJsonReader.MAX_BYTES + 1);
    } catch (AccessDeniedException e) {
      throw RefusedException.refused(file + " may not be read by this user (permission denied)");
    } catch (IOException e) {
      throw new RefusedException(onFailure, file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The picture as it is now. */
  DiskPicture picture() throws RefusedException {
    try {
      return HealthJsonReader.read(bytes());
    } catch (PictureSyntaxException e) {
      throw new RefusedException(
          isMount() ? ExitCode.FAILED : ExitCode.USAGE,
          (isMount() ? given.resolve(NAME) : given) + " cannot be drawn: " + e.getMessage(),
          e);
    }
  }
}
