package io.remapfs.mount.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.junit.jupiter.api.Test;

final class DaemonLoggersTest {
  private final DaemonLoggers loggers = new DaemonLoggers();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final PrintStream stream = new PrintStream(written, true, StandardCharsets.UTF_8);

  @Test
  void shouldBeWhatLog4jGives() {
    Logger logger = LogManager.getLogger(DaemonLoggersTest.class);
    assertThat(logger)
        .isSameAs(DaemonLoggers.INSTANCE.getLogger(DaemonLoggersTest.class.getName()));
  }

  @Test
  void shouldMoveLoggersThatAreInUse() {
    Logger before = loggers.getLogger("io.remapfs.Before");
    before.info("not to be seen");
    loggers.writeTo(stream, Level.INFO);
    before.info("{} blocks of {}", 3, "ä");
    loggers.getLogger("io.remapfs.After").debug("not to be seen");
    loggers.getLogger("io.remapfs.After").error("lost");

    String[] lines = written.toString(StandardCharsets.UTF_8).split("\n", -1);
    assertThat(lines).hasSize(3);
    String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3} ";
    assertThat(lines[0]).matches(time + "INFO Before 3 blocks of ä");
    assertThat(lines[1]).matches(time + "ERROR After lost");
    assertThat(lines[2]).isEmpty();
  }

  @Test
  void shouldTellWhereAnExceptionCameFrom() {
    loggers.writeTo(stream, Level.INFO);
    loggers.getLogger("any").error("failed", new IllegalStateException("why"));
    assertThat(written.toString(StandardCharsets.UTF_8))
        .contains("failed", "IllegalStateException: why", "\tat " + getClass().getName());
  }
}
