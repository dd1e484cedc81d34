package io.remapfs.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.SpareStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskReportTest {
  private static final DiskReport REPORT =
      new DiskReport(
          new EngineStatus(
              EngineState.DEGRADED,
              "2 blocks are lost",
              new UUID(1, 2),
              64L << 20,
              4096,
              false,
              11,
              2,
              9,
              4000,
              14,
              3986,
              3,
              100,
              200,
              409600,
              819200,
              5,
              6,
              7,
              8,
              true,
              List.of(
                  new SpareStatus("/d/disk.img.remap", new UUID(1, 2), 0, 1000, 0, false),
                  new SpareStatus("/d/second", new UUID(1, 3), 1000, 3000, 2986, true))),
          new SessionFacts("1.2", "/d/disk.img", "/mnt/x", "threads", "asked for", 4, "direct"),
          new ProcessFacts(
              4711,
              815,
              "backup (uid 34, gid 34)",
              "no capabilities",
              50L << 20,
              1 << 20,
              48 << 20,
              true,
              false,
              List.of("no flusher")),
          Duration.ofSeconds(61),
          List.of());

  @ParameterizedTest
  @CsvSource({
    "image.sizeBytes, 67108864",
    "image.blockSize, 4096",
    "blocks.remapped, 11",
    "blocks.pending, 2",
    "blocks.salvaged, 9",
    "spare.slots, 4000",
    "spare.used, 14",
    "spare.free, 3986",
    "spare.burnt, 3",
    "spare.path, /d/second",
    "spare.low, false",
    "'spare.members', '[{path=/d/disk.img.remap, slots=1000, used=1000}, {path=/d/second, slots=3000, used=14}]'",
    "io.reads, 100",
    "io.writes, 200",
    "io.readErrors, 6",
    "io.writeErrors, 7",
    "session.kind, threads",
    "session.reason, asked for",
    "session.workers, 4",
    "process.pid, 4711",
    "process.startTicks, 815",
    "process.rssBytes, 52428800",
  })
  void shouldHaveThePathThatScriptsRelyOn(String path, String expected) throws Exception {
    Map<String, Object> root =
        JSON.std.mapFrom(new String(REPORT.toJson(), StandardCharsets.UTF_8));
    String[] parts = path.split("\\.", -1);
    assertThat(((Map<?, ?>) root.get(parts[0])).get(parts[1])).hasToString(expected);
  }

  @Test
  void shouldSayTheStateByNameWhenAskedInJson() throws Exception {
    assertThat(JSON.std.mapFrom(REPORT.toJson())).containsEntry("state", "DEGRADED");
  }

  @Test
  void shouldAlignValuesWhenRenderedAsText() {
    List<String> lines = new String(REPORT.toText(), StandardCharsets.UTF_8).lines().toList();
    assertThat(lines.get(0)).startsWith("state:").contains("DEGRADED - ");
    int column = lines.get(0).indexOf("DEGRADED");
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(line).matches("[a-z][a-z /-]*: +\\S.*");
              assertThat(line.charAt(column - 1)).isEqualTo(' ');
              assertThat(line.charAt(column)).isNotEqualTo(' ');
            });
  }

  @Test
  void shouldSayEachMissingProtectionWhenRenderedAsText() {
    assertThat(new String(REPORT.toText(), StandardCharsets.UTF_8))
        .containsPattern("note: +no flusher\n");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1023, 1023", "1024, 1024 (1.0 KiB)", "1610612736, 1610612736 (1.5 GiB)"})
  void shouldRoundByteCountsForPeople(long size, String expected) {
    assertThat(ByteCount.describe(size)).isEqualTo(expected);
  }
}
