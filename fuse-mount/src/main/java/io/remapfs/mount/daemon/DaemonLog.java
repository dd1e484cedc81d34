package io.remapfs.mount.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.appender.OutputStreamAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.api.RootLoggerComponentBuilder;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.jspecify.annotations.Nullable;

/**
 * Where the daemon's log goes: the terminal in the foreground, else a file that never lies on what
 * we host, since logging an error of the disk must not need the disk.
 *
 * <p>Configured in code: searching for and reading a configuration file takes longer than the rest
 * of a mount.
 */
final class DaemonLog {
  private static final String PATTERN = "%d{ISO8601} %-5p %c{1} - %m%n";
  private static final String CONSOLE = "console";
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
    LogFile log = file == null ? null : open(file);
    ConfigurationBuilder<BuiltConfiguration> builder =
        ConfigurationBuilderFactory.newConfigurationBuilder();
    // The daemon ends logging itself, after the last thing that is worth a line.
    builder.setStatusLevel(Level.OFF).setShutdownHook("disable");
    RootLoggerComponentBuilder root = builder.newRootLogger(Level.INFO);
    if (log == null) {
      builder.add(console(builder));
      root.add(builder.newAppenderRef(CONSOLE));
    }
    // Before any logger exists, else Log4j would first start a configuration of its own, with a
    // shutdown hook that silences the log just when a signal's way down is worth logging.
    LoggerContext context = Configurator.initialize(builder.add(root).build(false));
    if (log != null) {
      logTo(log, context);
    }
    return log;
  }

  private static AppenderComponentBuilder console(
      ConfigurationBuilder<BuiltConfiguration> builder) {
    return builder
        .newAppender(CONSOLE, "CONSOLE")
        .addAttribute("target", ConsoleAppender.Target.SYSTEM_ERR)
        .add(builder.newLayout("PatternLayout").addAttribute("pattern", PATTERN));
  }

  private static LogFile open(Path file) throws IOException {
    Path directory = file.getParent();
    if (directory != null) {
      Files.createDirectories(directory, OWNER_ONLY);
    }
    return LogFile.open(file, LARGEST_FILE_BYTES);
  }

  private static void logTo(LogFile log, LoggerContext context) {
    Configuration configuration = context.getConfiguration();
    OutputStreamAppender appender =
        OutputStreamAppender.newBuilder()
            .setName("file")
            .setTarget(log)
            .setConfiguration(configuration)
            .setLayout(
                PatternLayout.newBuilder()
                    .withConfiguration(configuration)
                    .withPattern(PATTERN)
                    .build())
            .build();
    appender.start();
    configuration.getRootLogger().addAppender(appender, null, null);
    context.updateLoggers();
  }

  /** Loads most of what a log needs; starts none. */
  static void preload() {
    PatternLayout.newBuilder().withPattern(PATTERN).build();
  }

  /** Writes out what is buffered. */
  static void stop() {
    LogManager.shutdown();
  }
}
