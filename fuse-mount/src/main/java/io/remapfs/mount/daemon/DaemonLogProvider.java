package io.remapfs.mount.daemon;

import org.apache.logging.log4j.spi.LoggerContextFactory;
import org.apache.logging.log4j.spi.Provider;

/** Where Log4j's API finds {@link DaemonLoggers}; it is named in META-INF/services. */
public final class DaemonLogProvider extends Provider {
  private static final int PRIORITY = 10;

  /** For {@link java.util.ServiceLoader}. */
  public DaemonLogProvider() {
    super(PRIORITY, CURRENT_VERSION);
  }

  @Override
  public LoggerContextFactory getLoggerContextFactory() {
    return DaemonLoggers.INSTANCE;
  }
}
