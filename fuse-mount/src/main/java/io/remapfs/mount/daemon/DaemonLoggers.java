package io.remapfs.mount.daemon;

import java.io.PrintStream;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.message.MessageFactory;
import org.apache.logging.log4j.message.ParameterizedMessageFactory;
import org.apache.logging.log4j.simple.SimpleLogger;
import org.apache.logging.log4j.spi.ExtendedLogger;
import org.apache.logging.log4j.spi.LoggerContext;
import org.apache.logging.log4j.spi.LoggerContextFactory;
import org.apache.logging.log4j.util.PropertiesUtil;
import org.jspecify.annotations.Nullable;

/**
 * The loggers of this process, all of one level and one stream: at first errors to the terminal,
 * then what {@link DaemonLog} says.
 *
 * <p>They are the simple ones that come with the API of Log4j. Its core, of which we would use one
 * appender and one layout, loads 540 classes for that: 6 MiB that stay in locked memory as long as
 * the disk is mounted.
 *
 * <p>Thread-safe.
 */
final class DaemonLoggers implements LoggerContext, LoggerContextFactory {
  static final DaemonLoggers INSTANCE = new DaemonLoggers();

  private static final String TIME_FORMAT = "yyyy-MM-dd'T'HH:mm:ss,SSS";

  private final Map<String, SimpleLogger> loggers = new HashMap<>();
  private Level level = Level.ERROR;
  private PrintStream stream = System.err;

  DaemonLoggers() {}

  /** From now on all loggers, also those that are in use, write there from this level on. */
  synchronized void writeTo(PrintStream newStream, Level newLevel) {
    stream = newStream;
    level = newLevel;
    for (SimpleLogger logger : loggers.values()) {
      logger.setStream(newStream);
      logger.setLevel(newLevel);
    }
  }

  @Override
  public ExtendedLogger getLogger(String name) {
    return getLogger(name, null);
  }

  /** One logger a name, whatever the message factory; we use but one. */
  @Override
  public synchronized ExtendedLogger getLogger(String name, @Nullable MessageFactory messages) {
    return loggers.computeIfAbsent(name, this::newLogger);
  }

  private SimpleLogger newLogger(String name) {
    return new SimpleLogger(
        name,
        level,
        /* showLogName= */ false,
        /* showShortLogName= */ true,
        /* showDateTime= */ true,
        /* showContextMap= */ false,
        TIME_FORMAT,
        ParameterizedMessageFactory.INSTANCE,
        PropertiesUtil.getProperties(),
        stream);
  }

  @Override
  public synchronized boolean hasLogger(String name) {
    return loggers.containsKey(name);
  }

  @Override
  public boolean hasLogger(String name, @Nullable MessageFactory messages) {
    return hasLogger(name);
  }

  @Override
  public boolean hasLogger(String name, Class<? extends MessageFactory> messages) {
    return hasLogger(name);
  }

  @Override
  public @Nullable Object getExternalContext() {
    return null;
  }

  @Override
  public LoggerContext getContext(
      String caller, ClassLoader loader, @Nullable Object external, boolean currentContext) {
    return this;
  }

  @Override
  public LoggerContext getContext(
      String caller,
      ClassLoader loader,
      @Nullable Object external,
      boolean currentContext,
      @Nullable URI configuration,
      @Nullable String name) {
    return this;
  }

  @Override
  public boolean isClassLoaderDependent() {
    return false;
  }

  /** There is but one context, and it stays. */
  @Override
  public void removeContext(LoggerContext context) {}
}
