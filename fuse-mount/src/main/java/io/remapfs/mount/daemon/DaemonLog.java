package io.remapfs.mount.daemon;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.jspecify.annotations.Nullable;

/**
 * Where the daemon's log goes: the terminal in the foreground, else a file that never lies on what
 * we host, since logging an error of the disk must not need the disk.
 */
final class DaemonLog {
  private static final long LARGEST_FILE_BYTES = 4 << 20;
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private DaemonLog() {}

  /**
   * The log file of a background daemon: {@code $REMAPFS_LOG}, or a name made of the mount point
   * below /var/log/remapfs (root) or the user's state directory.
   */
  static Path fileFor(Path mountPoint, boolean root) {
    @Nullable String named = System.getenv("REMAPFS_LOG");
    if (named != null && !named.isEmpty()) {
      return Path.of(named).toAbsolutePath().normalize();
    }
    String name = mountPoint.toString().substring(1).replace('/', '-') + ".log";
    if (root) {
      return Path.of("/var/log/remapfs", name);
    }
    @Nullable String state = System.getenv("XDG_STATE_HOME");
    Path base =
        state != null && !state.isEmpty()
            ? Path.of(state)
            : Path.of(System.getProperty("user.home", "/tmp"), ".local", "state");
    return base.resolve("remapfs").resolve(name);
  }

  /**
   * Starts logging.
   *
   * @param file the log file, or null for the terminal
   * @return the open log file; null for the terminal
   * @throws IOException if the file cannot be written, or others could read it
   */
  static @Nullable LogFile start(@Nullable Path file) throws IOException {
    if (file == null) {
      DaemonLoggers.INSTANCE.writeTo(System.err, Level.INFO);
      return null;
    }
    LogFile log = open(file);
    PrintStream lines = new PrintStream(log, /* autoFlush= */ true, StandardCharsets.UTF_8);
    DaemonLoggers.INSTANCE.writeTo(lines, Level.INFO);
    return log;
  }

  private static LogFile open(Path file) throws IOException {
    Path directory = file.getParent();
    if (directory != null) {
      Files.createDirectories(directory, OWNER_ONLY);
    }
    return LogFile.open(file, LARGEST_FILE_BYTES);
  }

  /** Loads what a log needs; starts none. */
  static void preload() {
    LogManager.getLogger(DaemonLog.class);
  }
}
