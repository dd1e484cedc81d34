package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A copy of the metadata that was lost and is written whole again. */
final class LostCopyTest {
  private static final long SEED = 7;
  private static final int STATES_AT_RANDOM = 25;

  @Test
  void shouldLoseNothingWhenThePowerIsCutWhileALostCopyIsWrittenAnew() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 1, 1);
    spare.fail(
        Operation.WRITE, TestSet.SMALL.zoneOffset(1), TestSet.SMALL.zoneBytes(), Fault.NO_SPACE);
    for (int i = 2; i < 9; i++) {
      TestSet.map(store, i, i); // the ring of four wraps, so there is a checkpoint on the way
    }
    assertThat(store.healthyCopies()).isEqualTo(2);
    TreeMap<Long, Long> expected = TestSet.entries(store.table());
    spare.heal();
    List<CrashableDevice> crashed = new ArrayList<>();
    Random random = new Random(SEED);
    spare.setHook((operation, byteOffset, length) -> addCrashes(spare, random, crashed));
    store.restoreLostCopies();
    spare.setHook((operation, byteOffset, length) -> {});
    addCrashes(spare, random, crashed);

    assertThat(store.healthyCopies()).isEqualTo(3);
    for (CrashableDevice each : crashed) {
      assertHas(expected, each);
    }
    // From here on each copy can stand alone.
    for (int zone = 0; zone < 3; zone++) {
      CrashableDevice alone = spare.crashLosingAll();
      for (int other = 0; other < 3; other++) {
        if (other != zone) {
          alone.corrupt(TestSet.SMALL.zoneOffset(other), (int) TestSet.SMALL.zoneBytes());
        }
      }
      assertHas(expected, alone);
    }
    System.out.println("lost copy: " + crashed.size() + " states after a power cut, seed " + SEED);
    assertThat(crashed).hasSizeGreaterThan(100);
  }

  private static void addCrashes(
      CrashableDevice spare, Random random, List<CrashableDevice> crashed) {
    crashed.add(spare.crashLosingAll());
    crashed.add(spare.crashKeepingAll());
    for (int i = 0; i < STATES_AT_RANDOM; i++) {
      crashed.add(spare.crashAtRandom(random));
    }
  }

  private static void assertHas(TreeMap<Long, Long> expected, CrashableDevice crashed)
      throws IOException {
    assertThat(TestSet.entries(TestSet.open(crashed).table()))
        .as("seed %d", SEED)
        .isEqualTo(expected);
  }
}
