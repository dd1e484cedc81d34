package io.remapfs.health.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which regions each mode visits, and in which order. */
final class ModeOrderTest {
  private static final long REGION = 4096;

  /** A region's record: its number, its risk, its last scan. */
  private record Known(long region, int risk, long lastScanSeconds) {}

  private final List<Known> known = new ArrayList<>();

  private ScanFixture disk(int regions) {
    ScanFixture f = new ScanFixture(regions * REGION);
    f.history =
        new RegionHistory() {
          @Override
          public void forEach(Visitor visitor) {
            for (Known each : known) {
              visitor.visit(each.region() * REGION, REGION, each.risk(), each.lastScanSeconds());
            }
          }

          @Override
          public void scanned(long firstBlock, long blocks) {
            if ((firstBlock + blocks) % REGION == 0) {
              long region = firstBlock / REGION;
              long now = f.disk.currentTimeMillis() / 1000;
              known.replaceAll(
                  each -> each.region() == region ? new Known(region, each.risk(), now) : each);
            }
          }

          @Override
          public void slow(long block, long nanos) {}
        };
    f.mount();
    return f;
  }

  private static List<Long> regions(ScanFixture f) {
    List<Long> visited = new ArrayList<>();
    for (String read : f.disk.reads) {
      long region = Long.parseLong(read.substring(0, read.indexOf('+'))) / REGION;
      if (visited.isEmpty() || visited.get(visited.size() - 1) != region) {
        visited.add(region);
      }
    }
    return visited;
  }

  @Test
  void shouldVisitOnlyRegionsWithEventsInErrorsMode() {
    known.add(new Known(7, 0, 0));
    ScanFixture f = disk(20);
    f.disk.entries.put(3 * REGION + 5, Target.remapped(1));
    f.start(ScanMode.ERRORS);
    f.finish();
    assertThat(regions(f)).containsExactly(3L, 7L);
    assertThat(f.disk.reads).hasSize(32);
    assertThat(f.scanner.status().percent()).isEqualTo(100);
  }

  @Test
  void shouldVisitBadRegionsAndThoseBesideThemInNeighboursMode() {
    ScanFixture f = disk(20);
    f.disk.entries.put(0L, Target.pending(Target.NO_SLOT));
    f.disk.entries.put(9 * REGION, Target.pending(Target.NO_SLOT));
    f.start(ScanMode.NEIGHBOURS);
    f.finish();
    assertThat(regions(f)).containsExactly(0L, 1L, 8L, 9L, 10L);
  }

  @Test
  void shouldVisitTheRiskiestFirstThenTheOldestLookInRiskMode() throws Exception {
    known.add(new Known(2, 100, 50));
    known.add(new Known(5, 900, 50));
    known.add(new Known(6, 100, 40));
    known.add(new Known(7, 0, 1));
    ScanFixture f = disk(8);
    f.start(ScanMode.FULL);
    for (int i = 0; i < 3 * 16; i++) {
      f.step();
    }
    f.scanner.stop(); // regions 0 to 2 were looked at now
    known.replaceAll(each -> new Known(each.region(), each.risk(), each.region() == 6 ? 40 : 50));
    f.disk.reads.clear();
    f.start(ScanMode.RISK);
    f.finish();
    assertThat(regions(f)).containsExactly(5L, 6L, 2L, 3L, 4L, 5L, 6L, 7L, 0L, 1L, 2L);
  }

  @Test
  void shouldGoOnWhereItWasInRiskMode() {
    known.add(new Known(2, 100, 50));
    known.add(new Known(5, 900, 50));
    known.add(new Known(6, 100, 40));
    ScanFixture f = disk(8);
    f.start(ScanMode.RISK);
    for (int i = 0; i < 20; i++) {
      f.step(); // region 5, and four batches of region 6
    }
    f.disk.reads.clear();
    f.mount();
    f.finish();
    assertThat(f.disk.reads.get(0)).isEqualTo(6 * REGION + 4 * 256 + "+256");
    assertThat(regions(f)).startsWith(6L, 2L, 0L, 1L);
    assertThat(f.disk.reads).hasSize(12 + 16 + 8 * 16);
  }

  @Test
  void shouldGoOnWhereItWasInErrorsMode() {
    known.add(new Known(7, 0, 0));
    known.add(new Known(8, 0, 0));
    ScanFixture f = disk(20);
    f.start(ScanMode.ERRORS);
    for (int i = 0; i < 20; i++) {
      f.step();
    }
    f.disk.reads.clear();
    f.mount();
    f.finish();
    assertThat(f.disk.reads.get(0)).isEqualTo(8 * REGION + 4 * 256 + "+256");
    assertThat(f.disk.reads).hasSize(12);
  }
}
