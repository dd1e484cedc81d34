package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Who keeps a mount busy, as far as this user may see. */
public final class MountUsers {
  private static final int MOST_NAMED = 3;

  private MountUsers() {}

  /** "process 12 (bash)", or a guess. */
  public static String describe(Path mountPoint) {
    List<String> users = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (users.size() < MOST_NAMED && uses(process, mountPoint)) {
          users.add("process " + process.getFileName() + name(process));
        }
      }
    } catch (IOException e) {
      return "another process";
    }
    return users.isEmpty() ? "another process, a mount or a loop device" : String.join(", ", users);
  }

  private static String name(Path process) {
    try {
      return " (" + Files.readString(process.resolve("comm")).strip() + ")";
    } catch (IOException e) {
      return "";
    }
  }

  private static boolean uses(Path process, Path mountPoint) {
    if (linksInto(process.resolve("cwd"), mountPoint)) {
      return true;
    }
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (linksInto(descriptor, mountPoint)) {
          return true;
        }
      }
    } catch (IOException e) {
      return false; // another user's, or gone meanwhile
    }
    return false;
  }

  private static boolean linksInto(Path link, Path mountPoint) {
    return readLink(link).filter(target -> target.startsWith(mountPoint)).isPresent();
  }

  private static Optional<Path> readLink(Path link) {
    try {
      return Optional.of(Files.readSymbolicLink(link));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
