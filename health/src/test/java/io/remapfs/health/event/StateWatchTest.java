package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StateWatchTest {
  private final EventLog log = new EventLog(RecordStore.NONE);
  private final StateWatch watch = new StateWatch();

  private void look(EngineState state, String reason) {
    watch.look(
        new EngineStatus(
            state,
            reason,
            new UUID(1, 2),
            64L << 20,
            4096,
            false,
            0,
            0,
            0,
            9,
            0,
            9,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            false,
            List.of()),
        log);
  }

  private List<String> told() {
    return log.events().stream().map(each -> each.kind() + ": " + each.message()).toList();
  }

  @Test
  void shouldTellEachChangeOnceWithItsReason() {
    look(EngineState.HEALTHY, "");
    look(EngineState.DEGRADED, "2 blocks are lost");
    look(EngineState.DEGRADED, "3 blocks are lost");
    look(EngineState.HEALTHY, "");
    assertThat(told())
        .containsExactly(
            "STATE_CHANGED: the state changed from HEALTHY to DEGRADED: 2 blocks are lost",
            "STATE_CHANGED: the state changed from DEGRADED to HEALTHY");
  }

  @Test
  void shouldTellTheStateAtTheMountOnlyWhenItIsNotHealthy() {
    look(EngineState.EXHAUSTED, "no slot is free");
    assertThat(told()).containsExactly("STATE_CHANGED: the state is EXHAUSTED: no slot is free");
  }
}
