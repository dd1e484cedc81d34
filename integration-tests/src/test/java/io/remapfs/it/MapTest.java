package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The picture of a disk that really fails, and where it may not be written. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class MapTest {
  private static final int BLOCK = 4096;
  private static final long SIZE = 16 * Images.MIB; // 4096 blocks: a cell each
  private static final List<Integer> LOST = List.of(3, 100, 101, 102, 2048, 4095);
  private static final List<Integer> SALVAGED = List.of(7, 1000, 1001, 3000);

  @Test
  void shouldShowExactlyTheBlocksThatFailed(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    StringBuilder faults = new StringBuilder();
    LOST.forEach(block -> faults.append((long) block * BLOCK).append(" 4096 r\n"));
    SALVAGED.forEach(block -> faults.append((long) block * BLOCK).append(" 4096 r over=512\n"));
    disk.faultsText(faults.toString());
    for (long at = 0; at < SIZE; at += 1 << 18) {
      readAnyway(mounted, at, 1 << 18);
    }

    Map<String, Object> data = JSON.std.mapFrom(mounted.text("health.json"));

    Map<?, ?> surface = (Map<?, ?>) data.get("surface");
    String cells = String.valueOf(surface.get("cells"));
    assertThat(surface.get("blocksPerCell")).isEqualTo(1);
    assertThat(cells).hasSize(4096);
    assertThat(cellsOf(cells, 'X')).isEqualTo(new TreeSet<>(LOST));
    assertThat(cellsOf(cells, 'o')).isEqualTo(new TreeSet<>(SALVAGED));
    assertThat(surface.get("lost")).isEqualTo("3:1 100:1 101:1 102:1 2048:1 4095:1");
    assertThat(surface.get("moved")).isEqualTo("7:1 1000:1 1001:1 3000:1");
    assertThat(Files.size(mounted.mountPoint().resolve("health.json")))
        .isGreaterThan(cells.length());
    Shell.Result drawn = Mounted.remapfs("map", mounted.mountPoint().toString()).orFail();
    assertThat(drawn.stdout()).contains("DEGRADED", "6 lost, 4 moved, 4 salvaged", "  0 % ");
  }

  private static void readAnyway(Mounted mounted, long at, int lengthBytes) {
    try {
      mounted.read(at, lengthBytes);
    } catch (IOException e) {
      // What is lost is what the test is about.
    }
  }

  private static Set<Integer> cellsOf(String cells, char code) {
    Set<Integer> found = new TreeSet<>();
    for (int cell = cells.indexOf(code); cell >= 0; cell = cells.indexOf(code, cell + 1)) {
      found.add(cell);
    }
    return found;
  }

  @Test
  void shouldNotWriteOnTheMountItDraws(Workbench bench) throws IOException {
    Mounted mounted = bench.mountFormatted(bench.disk("disk.img", SIZE), BLOCK);
    Path there = mounted.mountPoint().resolve("a.svg");

    Shell.Result refused =
        Mounted.remapfs("map", mounted.mountPoint().toString(), "--svg", there.toString());

    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.stderr()).contains("would lie on the mount itself").hasLineCount(1);
    Path svg = bench.path("a.svg");
    Mounted.remapfs("map", mounted.mountPoint().toString(), "--svg", svg.toString()).orFail();
    assertThat(svg).content().startsWith("<svg ").contains("not scanned yet");
  }
}
