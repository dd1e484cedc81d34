package io.remapfs.health.region;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.region.Evidence.Kind;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvidenceInboxTest {
  private final EvidenceInbox inbox = new EvidenceInbox();

  private Map<Integer, Evidence> drained() {
    Map<Integer, Evidence> found = new HashMap<>();
    inbox.drainTo((evidence, region) -> found.merge(region, evidence, EvidenceInboxTest::sum));
    return found;
  }

  private static Evidence sum(Evidence a, Evidence b) {
    return new Evidence(
        a.readErrors() + b.readErrors(),
        a.writeErrors() + b.writeErrors(),
        a.slowIos() + b.slowIos(),
        a.salvaged() + b.salvaged(),
        a.lost() + b.lost());
  }

  @Test
  void shouldAddUpByRegionWhenEvidenceComesIn() {
    inbox.add(7, Kind.READ_ERROR);
    inbox.add(7, Kind.READ_ERROR);
    inbox.add(7, Kind.LOST);
    inbox.add(9, Kind.WRITE_ERROR);
    assertThat(drained())
        .isEqualTo(Map.of(7, new Evidence(2, 0, 0, 0, 1), 9, new Evidence(0, 1, 0, 0, 0)));
    assertThat(drained()).isEmpty();
  }

  @Test
  void shouldForgetNoRegionWhenMoreThanItCountsHaveEvidence() {
    int regions = 1 << 20;
    for (int region = 0; region < regions; region++) {
      inbox.add(region, Kind.READ_ERROR);
    }
    inbox.add(regions - 1, Kind.READ_ERROR);
    inbox.add(regions - 1, Kind.SALVAGED);
    assertThat(inbox.folded()).isEqualTo(1);
    Map<Integer, Evidence> found = drained();
    assertThat(found).hasSize(regions);
    assertThat(found.get(regions - 1)).isEqualTo(new Evidence(1, 0, 0, 1, 0));
    assertThat(drained()).isEmpty();
  }
}
