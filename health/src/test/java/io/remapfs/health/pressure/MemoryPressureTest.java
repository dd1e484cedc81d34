package io.remapfs.health.pressure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The levels of service, and where their evidence is read. */
final class MemoryPressureTest {
  @TempDir private Path root;
  private final List<String> events = new ArrayList<>();
  private double percent;
  private final MemoryPressure pressure =
      new MemoryPressure(
          () -> List.of(new PressureGauge("it", percent, 90, 85, 97, 94)),
          (kind, message) -> events.add(kind + " " + message));

  private PressureLevel after(int looks, double percentNow) {
    percent = percentNow;
    for (int i = 0; i < looks; i++) {
      pressure.doWork();
    }
    return pressure.level();
  }

  @Test
  void shouldBecomeWorseWithTheSecondLook() {
    assertThat(after(1, 91)).isEqualTo(PressureLevel.NORMAL);
    assertThat(after(1, 91)).isEqualTo(PressureLevel.REDUCED);
    assertThat(pressure.reason()).isEqualTo("memory is short: it is at 91 %");
    assertThat(after(2, 98)).isEqualTo(PressureLevel.EMERGENCY);
    assertThat(events).hasSize(2);
    assertThat(events.get(1)).contains("EMERGENCY");
  }

  @Test
  void shouldIgnoreASingleMoment() {
    for (int i = 0; i < 20; i++) {
      after(1, 99);
      after(1, 10);
    }
    assertThat(pressure.level()).isEqualTo(PressureLevel.NORMAL);
    assertThat(events).isEmpty();
  }

  @Test
  void shouldStayBetweenTheMarks() {
    after(2, 91);
    assertThat(after(1000, 86)).isEqualTo(PressureLevel.REDUCED);
    assertThat(events).hasSize(1);
  }

  @Test
  void shouldBecomeBetterOneLevelAtATimeAfterTenCalmLooks() {
    after(2, 98);
    assertThat(after(9, 50)).isEqualTo(PressureLevel.EMERGENCY);
    assertThat(after(1, 50)).isEqualTo(PressureLevel.REDUCED);
    assertThat(after(10, 50)).isEqualTo(PressureLevel.NORMAL);
    assertThat(pressure.reason()).isEmpty();
    assertThat(events).hasSize(3);
  }

  private void file(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private double read(String gauge) {
    return new MemorySources(root.resolve("proc"), root.resolve("cg"))
        .look().stream()
            .filter(each -> each.name().contains(gauge))
            .findFirst()
            .orElseThrow()
            .percent();
  }

  @Test
  void shouldReadStallsAndTheTightestGroupOfVersion2() throws IOException {
    file("proc/pressure/memory", "some avg10=12.50 avg60=1\nfull avg10=3.00 avg60=0.10\n");
    file("proc/self/cgroup", "0::/a/b\n");
    file("cg/a/b/memory.current", "500\n");
    file("cg/a/b/memory.max", "max\n");
    file("cg/a/memory.current", "950\n");
    file("cg/a/memory.max", "1000\n");
    file("cg/a/memory.stat", "anon 1\ninactive_file 250\n");
    assertThat(read("tasks wait")).isEqualTo(12.5);
    assertThat(read("all wait")).isEqualTo(3);
    assertThat(read("container")).isEqualTo(70);
  }

  @Test
  void shouldReadAGroupOfVersion1() throws IOException {
    file("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/c\n");
    file("cg/memory/memory.usage_in_bytes", "900\n"); // as a container sees its own
    file("cg/memory/memory.limit_in_bytes", "1000\n");
    assertThat(read("container")).isEqualTo(90);
  }

  @Test
  void shouldSayNothingWhereNothingIsKnown() throws IOException {
    assertThat(read("container")).isEqualTo(-1);
    file("proc/pressure/memory", "some avg10=1.2.3.4\n");
    file("proc/self/cgroup", "0::/../../..\nrubbish\n::\n");
    file("cg/memory.current", "-5\n");
    file("cg/memory.max", "99999999999999999999\n");
    assertThat(read("container")).isEqualTo(-1);
    assertThat(read("tasks wait")).isEqualTo(-1);
    assertThat(read("heap")).isGreaterThanOrEqualTo(0);
  }
}
