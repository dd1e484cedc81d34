package io.remapfs.mount.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.region.HealthMap;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthGeometry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MapHistoryTest {
  private static final InstantSource CLOCK = () -> Instant.ofEpochSecond(1_800_000_000L);

  /** Three regions and a block. */
  private final HealthMap map =
      new HealthMap(HealthFile.inMemory(new HealthGeometry(new UUID(1, 1), 12289, 4096)), CLOCK);

  private final MapHistory history = new MapHistory(map, CLOCK);

  private List<String> visits() {
    List<String> visits = new ArrayList<>();
    history.forEach(
        (first, blocks, risk, scanned) ->
            visits.add(first + "+" + blocks + " " + risk + " " + (scanned > 0)));
    return visits;
  }

  @Test
  void shouldShowRegionsWithTheirRiskWhenSomethingHappenedThere() {
    history.slow(4097, 1_000_000);
    map.noteMediumError(12288, false);
    map.doWork();
    assertThat(visits()).containsExactly("4096+4096 4 false", "12288+1 172 false");
  }

  @Test
  void shouldNoteScanWhenLastBlockOfRegionWasScanned() {
    map.noteMediumError(0, false);
    map.noteMediumError(4096, false);
    map.noteMediumError(12288, false);
    map.doWork();
    history.scanned(3840, 255);
    assertThat(visits()).noneMatch(visit -> visit.endsWith("true"));
    history.scanned(3840, 256);
    assertThat(visits().get(0)).endsWith("true");
    assertThat(visits().get(1)).endsWith("false");
    history.scanned(8000, 4289);
    assertThat(visits().get(1)).endsWith("true");
    assertThat(visits().get(2)).endsWith("true");
  }
}
