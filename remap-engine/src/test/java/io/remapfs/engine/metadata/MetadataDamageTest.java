package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Any one block damaged, and any but one copy of everything, is survived and repaired. */
final class MetadataDamageTest {
  private static final SpareLayout LAYOUT = TestSet.SMALL;

  private byte[] image = new byte[0];
  private TreeMap<Long, Long> expected = new TreeMap<>();

  /** A history with two checkpoints, a journal behind them, a wrapped ring, all record kinds. */
  @BeforeEach
  void makeHistory() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    for (int i = 0; i < 11; i++) {
      TestSet.map(store, i * 7, i);
    }
    store.commit(List.of(new Burnt(3), new Pending(21, 3), new Pending(500, Target.NO_SLOT)));
    TestSet.map(store, 1000, 12);
    expected = TestSet.entries(store.table());
    image = spare.crashLosingAll().image();
  }

  private static List<Long> metadataBlocks(int zone) {
    List<Long> offsets = new ArrayList<>();
    offsets.add(LAYOUT.superblockOffset(zone));
    for (int area = 0; area < 2; area++) {
      for (int i = 0; i < LAYOUT.checkpointBlocks(); i++) {
        offsets.add(LAYOUT.checkpointOffset(zone, area, i));
      }
    }
    for (int i = 0; i < LAYOUT.ringBlocks(); i++) {
      offsets.add(LAYOUT.ringOffset(zone) + 4096L * i);
    }
    return offsets;
  }

  @Test
  void shouldSurviveAndRepairWhenAnyOneBlockIsCorrupt() throws Exception {
    int reported = 0;
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      for (long offset : metadataBlocks(zone)) {
        CrashableDevice spare = new CrashableDevice(image.clone(), 512);
        spare.corrupt(offset, 4096);
        reported += requireRecovered(spare) > 0 ? 1 : 0;
        requireWhole(spare);
      }
    }
    // All but what is not in use: the older checkpoint, and the unused end of the newer one.
    assertThat(reported).isGreaterThanOrEqualTo(SpareLayout.ZONES * (1 + 1 + LAYOUT.ringBlocks()));
  }

  @Test
  void shouldSurviveWhenAnyOneBlockCannotBeRead() throws Exception {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      for (long offset : metadataBlocks(zone)) {
        CrashableDevice spare = new CrashableDevice(image.clone(), 512);
        spare.fail(Operation.READ, offset, 512, Fault.MEDIUM);
        requireRecovered(spare);
        spare.heal();
        requireWhole(spare);
      }
    }
  }

  @Test
  void shouldSurviveAndRepairWhenASingleByteOfASectorRots() throws Exception {
    for (long offset : metadataBlocks(1)) {
      for (int at : new int[] {0, 9, 20, 33, 70, 511, 2000, 4090, 4095}) {
        CrashableDevice spare = new CrashableDevice(image.clone(), 512);
        spare.corrupt(offset + at, 1);
        requireRecovered(spare);
        requireWhole(spare);
      }
    }
  }

  @Test
  void shouldSurviveAndRepairWhenAllCopiesButOneAreGone() throws Exception {
    for (int survivor = 0; survivor < SpareLayout.ZONES; survivor++) {
      for (boolean unreadable : new boolean[] {false, true}) {
        CrashableDevice spare = new CrashableDevice(image.clone(), 512);
        for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
          if (zone != survivor) {
            for (long offset : metadataBlocks(zone)) {
              if (unreadable) {
                spare.fail(Operation.READ, offset, 4096, Fault.MEDIUM);
              } else {
                spare.corrupt(offset, 4096);
              }
            }
          }
        }
        assertThat(requireRecovered(spare)).isPositive();
        spare.heal();
        requireWhole(spare);
      }
    }
  }

  @Test
  void shouldSurviveWhenEachBlockIsGoodInAnotherCopyOnly() throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      CrashableDevice spare = new CrashableDevice(image.clone(), 512);
      int blocks = metadataBlocks(0).size();
      for (int i = 0; i < blocks; i++) {
        int survivor = random.nextInt(SpareLayout.ZONES);
        for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
          if (zone != survivor) {
            spare.corrupt(metadataBlocks(zone).get(i), 4096);
          }
        }
      }
      assertThat(requireRecovered(spare)).as("seed %s", seed).isPositive();
      requireWhole(spare);
    }
  }

  @Test
  void shouldKeepAllRemapsWhenAStaleCopyComesBack() throws Exception {
    CrashableDevice spare = new CrashableDevice(image.clone(), 512);
    byte[] old = spare.image();
    // Copy 0 takes no more writes; the run goes on, wraps, checkpoints, closes.
    MetadataStore store = TestSet.open(spare);
    spare.fail(
        Operation.WRITE, 0, LAYOUT.ringOffset(0) + 4096L * LAYOUT.ringBlocks(), Fault.MEDIUM);
    for (int i = 0; i < 9; i++) {
      TestSet.map(store, 2000 + i, i);
    }
    spare.heal();
    TreeMap<Long, Long> all = TestSet.entries(store.table());
    assertThat(old).isNotEqualTo(spare.image());
    MetadataStore again = TestSet.open(spare.crashLosingAll());
    assertThat(TestSet.entries(again.table())).isEqualTo(all);
    assertThat(again.recovery().staleBlocks()).isPositive();
    assertThat(again.recovery().repaired()).isTrue();
  }

  /** Opens, checks, and returns how many damaged blocks were reported. */
  private int requireRecovered(CrashableDevice spare) throws MetadataException {
    MetadataStore store = TestSet.open(spare);
    assertThat(TestSet.entries(store.table())).isEqualTo(expected);
    assertThat(store.pool().isBurnt(3)).isTrue();
    assertThat(store.pool().nextSlot()).isEqualTo(12);
    assertThat(store.recovery().repaired()).isTrue();
    return store.recovery().damagedBlocks();
  }

  private void requireWhole(CrashableDevice spare) throws MetadataException {
    CrashableDevice durable = spare.crashLosingAll();
    MetadataStore store = TestSet.open(durable);
    assertThat(store.recovery().damagedBlocks()).isZero();
    assertThat(store.recovery().staleBlocks()).isZero();
    assertThat(TestSet.entries(store.table())).isEqualTo(expected);
  }
}
