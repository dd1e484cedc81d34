package io.remapfs.mount.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;
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
  private static final String LARGEST_FILE = "4MB";

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
   * @throws IOException if the file cannot be written
   */
  static void start(@Nullable Path file) throws IOException {
    ConfigurationBuilder<BuiltConfiguration> builder =
        ConfigurationBuilderFactory.newConfigurationBuilder();
    // The daemon ends logging itself, after the last thing that is worth a line.
    builder.setStatusLevel(Level.OFF).setShutdownHook("disable");
    AppenderComponentBuilder appender = file == null ? console(builder) : file(builder, file);
    appender.add(builder.newLayout("PatternLayout").addAttribute("pattern", PATTERN));
    builder.add(appender);
    builder.add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef(appender.getName())));
    // Before any logger exists, else Log4j would first start a configuration of its own, with a
    // shutdown hook that silences the log just when a signal's way down is worth logging.
    Configurator.initialize(builder.build(false));
  }

  private static AppenderComponentBuilder console(
      ConfigurationBuilder<BuiltConfiguration> builder) {
    return builder
        .newAppender("console", "CONSOLE")
        .addAttribute("target", ConsoleAppender.Target.SYSTEM_ERR);
  }

  private static AppenderComponentBuilder file(
      ConfigurationBuilder<BuiltConfiguration> builder, Path file) throws IOException {
    Path directory = file.getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    if (Files.exists(file)
        ? !Files.isWritable(file)
        : directory != null && !Files.isWritable(directory)) {
      throw new IOException(file + " is not writable");
    }
    return builder
        .newAppender("file", "RollingFile")
        .addAttribute("fileName", file)
        .addAttribute("filePattern", file + ".1")
        .addComponent(
            builder
                .newComponent("Policies")
                .addComponent(
                    builder
                        .newComponent("SizeBasedTriggeringPolicy")
                        .addAttribute("size", LARGEST_FILE)))
        .addComponent(
            builder
                .newComponent("DefaultRolloverStrategy")
                .addAttribute("max", "1")
                .addAttribute("fileIndex", "min"));
  }

  /** Writes out what is buffered. */
  static void stop() {
    LogManager.shutdown();
  }
}
