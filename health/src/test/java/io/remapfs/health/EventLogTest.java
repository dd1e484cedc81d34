package io.remapfs.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineEvent.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {
  private final List<String> logged = new ArrayList<>();
  private final EventLog log =
      new EventLog(
          3,
          InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")),
          (level, line) -> logged.add(level + " " + line));

  private void meet(Kind kind, long block) {
    log.onEvent(new EngineEvent(kind, block, -1, "block " + block + " cannot be read"));
  }

  @Test
  void shouldLogOnceWhenMessagesDifferOnlyInNumbers() {
    for (int i = 0; i < 9; i++) {
      meet(Kind.PENDING, i);
      log.doWork();
    }
    assertThat(logged).containsExactly("WARN PENDING: block 0 cannot be read");
  }

  @Test
  void shouldLogAgainWhenCountGrewTenfold() {
    meet(Kind.PENDING, 1);
    log.doWork();
    for (int i = 2; i <= 10; i++) {
      meet(Kind.PENDING, i);
    }
    log.doWork();
    assertThat(logged)
        .hasSize(2)
        .last()
        .isEqualTo("WARN PENDING: block 10 cannot be read (10 such events so far)");
  }

  @Test
  void shouldLogUnsaidCountsWhenClosed() {
    meet(Kind.EMERGENCY, 1);
    log.doWork();
    meet(Kind.EMERGENCY, 2);
    log.doWork();
    log.close();
    assertThat(logged)
        .last()
        .isEqualTo("ERROR EMERGENCY: block 2 cannot be read (2 such events so far)");
  }

  @Test
  void shouldLogNothingWhenNothingHappened() {
    assertThat(log.doWork()).isZero();
  }

  @Test
  void shouldKeepOnlyTheNewestWhenFull() {
    for (int i = 0; i < 5; i++) {
      meet(Kind.PENDING, i);
    }
    assertThat(new String(log.renderJsonLines(), StandardCharsets.UTF_8).lines())
        .hasSize(3)
        .first()
        .isEqualTo(
            "{\"time\":\"2026-01-02T03:04:05Z\",\"kind\":\"PENDING\",\"block\":2,"
                + "\"message\":\"block 2 cannot be read\"}");
  }

  @Test
  void shouldShareOneCountWhenDistinctMessagesOverflow() {
    for (int i = 0; i < EventLog.MAX_DISTINCT * 2; i++) {
      log.onEvent(new EngineEvent(Kind.PENDING, -1, -1, "x".repeat(i)));
    }
    log.doWork();
    assertThat(logged).hasSize(EventLog.MAX_DISTINCT + 1);
  }
}
