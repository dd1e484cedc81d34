package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.health.DiskReport;
import io.remapfs.health.ProcessFacts;
import io.remapfs.health.SessionFacts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SpareLevelTest {
  private final EventLog log = new EventLog(RecordStore.NONE);
  private SpareLevel level = new SpareLevel(0);

  private static EngineStatus used(long used, long slots) {
    return new EngineStatus(
        EngineState.HEALTHY,
        "",
        new UUID(1, 2),
        64L << 20,
        4096,
        false,
        0,
        0,
        0,
        slots,
        used,
        slots - used,
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
        List.of());
  }

  private void look(long used, long slots) {
    level.look(used(used, slots), log);
  }

  private List<String> told() {
    return log.events().stream().map(each -> each.kind() + " " + each.message()).toList();
  }

  @Test
  void shouldTellEachLevelOnceWhenTheSpareFillsUp() {
    look(49, 100);
    assertThat(told()).isEmpty();
    look(50, 100);
    look(79, 100);
    assertThat(told()).hasSize(1);
    look(80, 100);
    look(94, 100);
    assertThat(told()).hasSize(2);
    look(95, 100);
    look(100, 100);
    assertThat(told()).hasSize(3);
    assertThat(told().get(2)).startsWith("SPARE_LOW 95 %").contains("remapfs add-spare");
  }

  @Test
  void shouldTellAgainWhenAnAddedSpareIsUsedUpToo() {
    look(90, 100);
    look(90, 200);
    look(160, 200);
    assertThat(told()).hasSize(2);
  }

  @Test
  void shouldTellOnlyHigherLevelsWhenOneWasToldInAnEarlierMount() {
    level = new SpareLevel(83);
    look(84, 100);
    assertThat(told()).isEmpty();
    look(95, 100);
    assertThat(told()).hasSize(1);
  }

  @Test
  void shouldNameTheCommandInTheStatusWhenTheSpareIsLow() {
    DiskReport report =
        new DiskReport(
            used(80, 100),
            new SessionFacts("1", "/d/disk.img", "/mnt/x", "threads", "asked for", 4, "direct"),
            new ProcessFacts(1, 1, "root", "all", 1, 1, 1, true, false, List.of()),
            Duration.ofSeconds(1),
            List.of());
    assertThat(new String(report.toText(), StandardCharsets.UTF_8))
        .contains("yes, 80 % used; add one with: remapfs add-spare /mnt/x PATH");
  }
}
