package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashStates;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.metadata.MetadataRecord.Unmapped;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Cuts the power before every single operation of a scripted history, in every way that the
 * unflushed writes allow (bounded), and requires each time: what was acknowledged holds, with its
 * slot's data; what was being committed happened or did not, whole; nothing else happened. Each
 * recovery is itself cut at every operation.
 */
final class CrashPointTest {
  private static final SpareLayout LAYOUT = TestSet.SMALL;
  private static final long SEED = 20_240_607;

  /** What must be true after recovery. */
  private static final class Model {
    final TreeMap<Long, Long> entries = new TreeMap<>();
    final TreeSet<Long> burnt = new TreeSet<>();
    final Map<Long, Long> slotContent = new HashMap<>();

    Model copy() {
      Model copy = new Model();
      copy.entries.putAll(entries);
      copy.burnt.addAll(burnt);
      copy.slotContent.putAll(slotContent);
      return copy;
    }

    void apply(MetadataRecord each) {
      if (each instanceof Mapped mapped) {
        entries.put(mapped.blockIndex(), Target.remapped(mapped.slot()));
      } else if (each instanceof Pending pending) {
        entries.put(pending.blockIndex(), Target.pending(pending.slotOrNoSlot()));
      } else if (each instanceof Unmapped unmapped) {
        entries.remove(unmapped.blockIndex());
      } else if (each instanceof Burnt burntRecord) {
        burnt.add(burntRecord.slot());
      }
    }
  }

  private final Random random = new Random(SEED);
  private CrashableDevice spare = new CrashableDevice(4096, 512);
  private Model acknowledged = new Model();

  /** The state if the commit under way has happened; the acknowledged one if there is none. */
  private Model possible = acknowledged;

  private int images;
  private int crashPoints;
  private int bound = 40;
  private boolean cutRecoveryToo;

  @Test
  void shouldHoldEveryAcknowledgedRecordWhereverThePowerIsCut() throws Exception {
    spare = TestSet.formatted(LAYOUT);
    spare.setHook((operation, offset, length) -> cutPower(operation));
    play();
    assertThat(crashPoints).isGreaterThan(150);
    assertThat(images).isGreaterThan(2000);
  }

  @Test
  @Tag("slow")
  void shouldHoldEveryAcknowledgedRecordWhenRecoveryIsCutToo() throws Exception {
    bound = 6;
    cutRecoveryToo = true;
    spare = TestSet.formatted(LAYOUT);
    spare.setHook((operation, offset, length) -> cutPower(operation));
    play();
    assertThat(images).isGreaterThan(5000);
  }

  @Test
  void shouldBeTheOldSetOrNoneOrTheNewOneWhereverAFormatIsCut() throws Exception {
    spare = TestSet.formatted(LAYOUT);
    MetadataStore old = TestSet.open(spare);
    TestSet.map(old, 5, 5);
    acknowledged.apply(new Mapped(5, 0, Cause.WRITTEN));
    spare.setHook(
        (operation, offset, length) ->
            new CrashStates(List.of(spare), bound, random)
                .visit(
                    cut -> {
                      CrashableDevice crashed = cut.get(0);
                      images++;
                      requireOldNoneOrNew(crashed, old);
                    }));
    MetadataStore.format(spare, LAYOUT, TestSet.BACKING);
    assertThat(images).isGreaterThan(100);
  }

  private void requireOldNoneOrNew(CrashableDevice crashed, MetadataStore old) {
    try {
      MetadataStore store = TestSet.open(crashed);
      boolean isOld = store.superblock().setUuid().equals(old.superblock().setUuid());
      assertThat(TestSet.entries(store.table()))
          .isEqualTo(isOld ? acknowledged.entries : new TreeMap<>());
    } catch (NotFormattedException | CorruptMetadataException e) {
      // Said plainly, and nothing was lost that the user had not asked to be lost.
      assertThat(e).hasMessageContaining("crashable");
    } catch (MetadataException e) {
      throw new AssertionError(e);
    }
  }

  /** Two runs, one after a crash and one after a clean close; wraps the ring several times. */
  private void play() throws Exception {
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    for (int i = 0; i < 7; i++) {
      map(store, 3 * i, 100 + i);
    }
    commit(store, new Pending(40, Target.NO_SLOT), new Pending(41, Target.NO_SLOT));
    relocateBurnt(store, 3, 200);
    store.checkpoint();
    map(store, 40, 201);
    commit(store, new Unmapped(6));
    store.closeUnclean();

    store = TestSet.open(spare);
    store.markOpened();
    for (int i = 0; i < 4; i++) {
      map(store, 70 + i, 300 + i);
    }
    long lost = Target.slot(acknowledged.entries.get(70L));
    commit(store, new Burnt(lost), new Pending(70, lost));
    store.closeClean(Fingerprint.unknown());

    store = TestSet.open(spare);
    store.markOpened();
    map(store, 41, 400);
    map(store, 70, 401);
    store.closeClean(Fingerprint.unknown());
  }

  private void map(MetadataStore store, long blockIndex, long content) throws Exception {
    long slot = store.pool().allocate();
    requireUnused(slot);
    TestSet.writeSlot(store, slot, blockIndex, content);
    acknowledged.slotContent.put(slot, content);
    commit(store, new Mapped(blockIndex, slot, Cause.SALVAGED));
  }

  private void relocateBurnt(MetadataStore store, long blockIndex, long content) throws Exception {
    long bad = Target.slot(acknowledged.entries.get(blockIndex));
    long slot = store.pool().allocate();
    requireUnused(slot);
    TestSet.writeSlot(store, slot, blockIndex, content);
    acknowledged.slotContent.put(slot, content);
    commit(store, new Burnt(bad), new Mapped(blockIndex, slot, Cause.WRITTEN));
  }

  private void requireUnused(long slot) {
    assertThat(acknowledged.slotContent).as("slot handed out twice").doesNotContainKey(slot);
  }

  private void commit(MetadataStore store, MetadataRecord... records) throws Exception {
    Model after = acknowledged.copy();
    List.of(records).forEach(after::apply);
    possible = after;
    store.commit(List.of(records));
    acknowledged = after;
    assertThat(TestSet.entries(store.table())).isEqualTo(acknowledged.entries);
  }

  private void cutPower(Operation operation) {
    if (operation != Operation.READ) {
      crashPoints++;
      new CrashStates(List.of(spare), bound, random)
          .visit(cut -> requireRecovered(cut.get(0), cutRecoveryToo));
    }
  }

  private void requireRecovered(CrashableDevice crashed, boolean cutToo) {
    images++;
    Random inner = new Random(random.nextLong());
    if (cutToo) {
      crashed.setHook(
          (operation, offset, length) -> {
            if (operation != Operation.READ) {
              new CrashStates(List.of(crashed), 4, inner)
                  .visit(again -> requireRecovered(again.get(0), false));
            }
          });
    }
    try {
      MetadataStore store = TestSet.open(crashed);
      TreeMap<Long, Long> found = TestSet.entries(store.table());
      Model model = found.equals(acknowledged.entries) ? acknowledged : possible;
      assertThat(found).as("seed %s", SEED).isEqualTo(model.entries);
      for (long slot : acknowledged.burnt) {
        assertThat(store.pool().isBurnt(slot)).as("slot %s is burnt", slot).isTrue();
      }
      requireContents(crashed, store, found);
      assertThat(store.isUnavailable()).isFalse();
      requireUsable(crashed, store, found);
    } catch (MetadataException | BlockDeviceException e) {
      throw new AssertionError("seed " + SEED + ", crash point " + crashPoints, e);
    }
  }

  private void requireContents(
      CrashableDevice crashed, MetadataStore store, TreeMap<Long, Long> found)
      throws BlockDeviceException {
    for (Map.Entry<Long, Long> entry : found.entrySet()) {
      if (Target.isRemapped(entry.getValue())) {
        long slot = Target.slot(entry.getValue());
        assertThat(slot).isLessThan(store.pool().nextSlot());
        assertThat(TestSet.slotContent(crashed, LAYOUT, slot))
            .as("content of block %s in slot %s", entry.getKey(), slot)
            .isEqualTo(acknowledged.slotContent.get(slot));
      }
    }
  }

  /** The recovered set goes on: one more commit holds after one more power cut. */
  private static void requireUsable(
      CrashableDevice crashed, MetadataStore store, TreeMap<Long, Long> found)
      throws MetadataException {
    crashed.setHook((operation, offset, length) -> {});
    try {
      store.commit(List.of(new Pending(9999, Target.NO_SLOT)));
    } catch (MetadataUnavailableException e) {
      throw new AssertionError(e);
    }
    TreeMap<Long, Long> expected = new TreeMap<>(found);
    expected.put(9999L, Target.pending(Target.NO_SLOT));
    assertThat(TestSet.entries(TestSet.open(crashed.crashLosingAll()).table())).isEqualTo(expected);
  }
}
