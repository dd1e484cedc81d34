package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.CrashStates;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareTooSmallException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sets of several spares: added, opened again, put together, released. */
final class SpareSetTest {
  private static final SpareLayout LAYOUT = TestSet.SMALL;

  private CrashableDevice first = TestSet.blank(LAYOUT);
  private final CrashableDevice second = new CrashableDevice(2 << 20, 512).named("second");
  private final CrashableDevice third = new CrashableDevice(2 << 20, 512).named("third");

  @BeforeEach
  void format() throws Exception {
    first = TestSet.formatted(LAYOUT).named("first");
  }

  private static MetadataStore open(BlockDevice... spares) throws MetadataException {
    return MetadataStore.open(List.of(spares), TestSet.BACKING, Access.READ_WRITE);
  }

  private static void exhaust(MetadataStore store, int leave) {
    while (store.pool().freeCount() > leave) {
      store.pool().allocate();
    }
  }

  @Test
  void shouldRememberEverythingWhenASpareWasAdded() throws Exception {
    MetadataStore store = TestSet.open(first);
    long before = TestSet.map(store, 1, 11);
    long burnt = store.pool().allocate();
    store.commit(List.of(new Burnt(burnt)));
    AddedSpare added = store.addSpare(second, "second");
    assertThat(added.firstSlot()).isEqualTo(LAYOUT.slotCount());
    assertThat(store.spare()).isSameAs(second);
    exhaust(store, (int) added.slotCount());
    long after = TestSet.map(store, 2, 22);
    assertThat(after).isEqualTo(added.firstSlot());

    CrashableDevice firstLater = first.crashLosingAll();
    CrashableDevice secondLater = second.crashLosingAll();
    for (int i = 0; i < 2; i++) {
      MetadataStore again = open(secondLater, firstLater);
      assertThat(TestSet.entries(again.table()))
          .isEqualTo(new TreeMap<>(Map.of(1L, before, 2L, after)));
      assertThat(again.pool().isBurnt(burnt)).isTrue();
      assertThat(again.pool().members().of(before).device()).isSameAs(firstLater);
      assertThat(again.pool().members().of(after).device()).isSameAs(secondLater);
      assertThat(again.pool().nextSlot()).isGreaterThan(after);
      assertThat(again.superblock().formatVersion()).isEqualTo(2);
      again.closeClean(Fingerprint.unknown());
    }
    assertThat(open(firstLater, secondLater).recovery().recoveryCase())
        .isEqualTo(RecoveryCase.CLEAN);
  }

  @Test
  void shouldHandOutTheRestOfTheOlderSpareFirst() throws Exception {
    MetadataStore store = TestSet.open(first);
    store.addSpare(second, "second");
    long total = store.pool().slotCount();
    for (long slot = 0; slot < total; slot++) {
      assertThat(store.pool().allocate()).isEqualTo(slot);
    }
    assertThat(store.pool().allocate()).isEqualTo(-1);
  }

  @Test
  void shouldCommitSlotsOfBothSparesDurably() throws Exception {
    MetadataStore store = TestSet.open(first);
    store.addSpare(second, "second");
    long inFirst = TestSet.map(store, 1, 11);
    exhaust(store, 5);
    long inSecond = TestSet.map(store, 2, 22);
    MetadataStore again = open(first.crashLosingAll(), second.crashLosingAll());
    assertThat(contentOf(again, inFirst)).isEqualTo(11);
    assertThat(contentOf(again, inSecond)).isEqualTo(22);
  }

  private static long contentOf(MetadataStore store, long slot) throws Exception {
    IoBuffer data = IoBuffer.allocate(TestSet.BLOCK_SIZE);
    var member = store.pool().members().of(slot);
    member.device().read(member.slotByteOffset(slot), data, 0, TestSet.BLOCK_SIZE);
    return data.bytes().getLong(0);
  }

  @Test
  void shouldHoldACheckpointOfAllSlotsOfAllSparesInTheNewest() throws Exception {
    CrashableDevice large = new CrashableDevice(6 << 20, 512).named("large");
    MetadataStore.format(large, TestSet.BLOCK_SIZE, TestSet.BACKING);
    MetadataStore store = TestSet.open(large);
    store.addSpare(second, "second");
    List<MetadataRecord> all = new ArrayList<>();
    for (long slot = store.pool().allocate(); slot >= 0; slot = store.pool().allocate()) {
      all.add(new Mapped(3 * slot, slot, Cause.WRITTEN));
    }
    store.commit(all);
    for (long i = 0; i < store.pool().slotCount() + 10; i++) {
      store.commit(List.of(new MetadataRecord.Pending(3 * i + 1, (1L << 39) - 1)));
    }
    assertThat(store.droppedPendingTotal()).isEqualTo(10);
    // In one area and in the other; what runs over is overwritten by the journal.
    for (int area = 0; area < 2; area++) {
      store.checkpoint();
      for (int i = 0; i < 60; i++) {
        store.commit(List.of(new MetadataRecord.Opened()));
      }
      MetadataStore again = open(large.crashLosingAll(), second.crashLosingAll());
      assertThat(again.recovery().damagedBlocks()).isZero();
      assertThat(again.table().remappedCount()).isEqualTo(store.pool().slotCount());
      assertThat(again.table().pendingCount()).isEqualTo(store.pool().slotCount());
    }
  }

  @Test
  void shouldBeAddedOrNotWhereverAddingIsCut() throws Exception {
    MetadataStore store = TestSet.open(first);
    long slot = TestSet.map(store, 1, 11);
    CrashStates states = new CrashStates(List.of(first, second), 60, new Random(5));
    List<Boolean> seen = new ArrayList<>();
    first.setHook((operation, at, length) -> states.visit(cut -> seen.add(wasAdded(cut, slot))));
    second.setHook((operation, at, length) -> states.visit(cut -> seen.add(wasAdded(cut, slot))));
    store.addSpare(second, "second");
    first.setHook((operation, at, length) -> {});
    second.setHook((operation, at, length) -> {});
    states.visit(cut -> assertThat(wasAdded(cut, slot)).isTrue());
    assertThat(seen).hasSizeGreaterThan(300).contains(true, false);
  }

  /** Opens by the older spare, as whoever knows of no other; and every later open must agree. */
  private static boolean wasAdded(List<CrashableDevice> cut, long slot) {
    CrashableDevice older = cut.get(0).named("first");
    CrashableDevice newer = cut.get(1).named("second");
    try {
      List<BlockDevice> set = SpareSetOpening.open(older, hint -> newer);
      MetadataStore store = MetadataStore.open(set, TestSet.BACKING, Access.READ_WRITE);
      assertThat(store.isUnavailable()).isFalse();
      assertThat(store.table().targetOf(1)).isEqualTo(slot);
      long another = TestSet.map(store, 2, 22);
      boolean added = set.size() == 2;
      if (added) {
        older.corrupt(LAYOUT.superblockOffset(0), 4096);
        older.corrupt(LAYOUT.superblockOffset(1), 4096);
      }
      set =
          SpareSetOpening.open(
              older.crashLosingAll().named("first"), hint -> newer.crashLosingAll());
      MetadataStore again = MetadataStore.open(set, TestSet.BACKING, Access.READ_WRITE);
      assertThat(set).hasSize(added ? 2 : 1);
      assertThat(again.table().targetOf(2)).isEqualTo(another);
      if (!added) {
        assertThatThrownBy(() -> SpareSetOpening.open(newer, hint -> older))
            .isInstanceOf(MetadataException.class);
      }
      return added;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldStayAsItWasWhenTheNewSpareCannotBeWritten() throws Exception {
    MetadataStore store = TestSet.open(first);
    TestSet.map(store, 1, 11);
    second.fail(Operation.WRITE, second.sizeBytes() - 4096, 4096, Fault.MEDIUM);
    assertThatThrownBy(() -> store.addSpare(second, "second"))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(MetadataUnavailableException.class)
        .hasMessageContaining("no good as a spare");
    requireGoesOnAlone(store);

    third.failFlushes(Fault.MEDIUM);
    assertThatThrownBy(() -> store.addSpare(third, "third"))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(MetadataUnavailableException.class);
    requireGoesOnAlone(store);
  }

  private void requireGoesOnAlone(MetadataStore store) throws Exception {
    assertThat(store.isUnavailable()).isFalse();
    assertThat(store.spare()).isSameAs(first);
    assertThat(store.pool().slotCount()).isEqualTo(LAYOUT.slotCount());
    long slot = TestSet.map(store, 5, 55);
    assertThat(TestSet.open(first.crashLosingAll()).table().targetOf(5)).isEqualTo(slot);
  }

  @Test
  void shouldCommitNothingMoreWhenTheMarkIsUncertain() throws Exception {
    MetadataStore store = TestSet.open(first);
    first.failFlushes(Fault.MEDIUM);
    assertThatThrownBy(() -> store.addSpare(second, "second"))
        .isInstanceOf(MetadataUnavailableException.class);
    assertThat(store.isUnavailable()).isTrue();
    assertThatThrownBy(() -> TestSet.map(store, 1, 1))
        .isInstanceOf(MetadataUnavailableException.class);
  }

  @Test
  void shouldRefuseADeviceThatDoesNotSuitBeforeAnythingIsWritten() throws Exception {
    MetadataStore store = TestSet.open(first);
    CrashableDevice small = new CrashableDevice(128 << 10, 512);
    assertThatThrownBy(() -> store.addSpare(small, "small"))
        .isInstanceOf(SpareTooSmallException.class);
    assertThatThrownBy(() -> store.addSpare(second, "x".repeat(257)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("256 bytes");
    assertThat(small.writes() + second.writes()).isZero();
    for (int i = 1; i < Membership.MAX_MEMBERS; i++) {
      store.addSpare(new CrashableDevice(2 << 20, 512), "x");
    }
    assertThatThrownBy(() -> store.addSpare(third, "third"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("8 spares already");
    assertThat(third.writes()).isZero();
  }

  @Test
  void shouldAskForWhatIsMissingByItsPath() throws Exception {
    TestSet.open(first).addSpare(second, "/s/second");
    assertThatThrownBy(() -> open(first))
        .isInstanceOfSatisfying(
            MissingSpareException.class, e -> assertThat(e.pathHint()).isEqualTo("/s/second"));
    assertThatThrownBy(() -> open(second))
        .isInstanceOfSatisfying(
            MissingSpareException.class, e -> assertThat(e.pathHint()).isEqualTo("first"));
    assertThatThrownBy(() -> SpareSetOpening.open(second, hint -> TestSet.blank(LAYOUT)))
        .isInstanceOf(MissingSpareException.class)
        .hasMessageContaining("first");
    assertThatThrownBy(() -> SpareSetOpening.open(second, hint -> TestSet.formatted(LAYOUT)))
        .isInstanceOf(MissingSpareException.class)
        .hasMessageContaining("another spare");
    assertThatThrownBy(
            () ->
                SpareSetOpening.open(
                    second,
                    hint -> {
                      throw new IOException("no such file");
                    }))
        .isInstanceOf(MissingSpareException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void shouldPutTheSetTogetherFromAnyOfItsSpares() throws Exception {
    MetadataStore store = TestSet.open(first);
    store.addSpare(second, "second");
    store.addSpare(third, "third");
    Map<String, BlockDevice> places = Map.of("first", first, "second", second, "third", third);
    for (CrashableDevice from : List.of(first, second, third)) {
      List<BlockDevice> set =
          SpareSetOpening.open(from, missing -> places.getOrDefault(missing.pathHint(), from));
      assertThat(set).containsExactlyInAnyOrder(first, second, third);
      assertThat(MetadataStore.open(set, null, Access.READ_ONLY).spare()).isSameAs(third);
    }
  }

  @Test
  void shouldForgetASpareOnlyWhenNoBlockIsInIt() throws Exception {
    MetadataStore store = TestSet.open(first);
    TestSet.map(store, 1, 11);
    store.addSpare(second, "second");
    store.pool().useNewestOnly();
    ReleasedSpares none = store.releaseSparesBefore(store.pool().members().head());
    assertThat(none.released()).isEmpty();
    assertThat(none.kept()).containsExactly(new ReleasedSpares.Kept("first", 1));
    assertThat(open(first.crashLosingAll(), second.crashLosingAll()).table().remappedCount())
        .isEqualTo(1);

    long slot = TestSet.map(store, 1, 12);
    assertThat(slot).isGreaterThanOrEqualTo(LAYOUT.slotCount());
    ReleasedSpares gone = store.releaseSparesBefore(store.pool().members().head());
    assertThat(gone.released()).containsExactly("first");
    assertThat(gone.troubles()).isEmpty();
    CrashableDevice alone = second.crashLosingAll();
    MetadataStore again = open(alone);
    assertThat(again.table().targetOf(1)).isEqualTo(slot);
    assertThat(again.pool().slotCount()).isEqualTo(store.pool().slotCount());
    assertThat(again.pool().allocate()).isEqualTo(slot + 1);
    assertThat(MetadataStore.identify(first).membership().retired()).isTrue();
    assertThat(SpareSetOpening.open(first, hint -> alone)).containsExactly(alone);
  }

  @Test
  void shouldKeepASpareThatWasTheNewestWhenAskedAboutThoseBeforeIt() throws Exception {
    MetadataStore store = TestSet.open(first);
    store.addSpare(second, "second");
    var newest = store.pool().members().head();
    store.addSpare(third, "third");
    assertThat(store.releaseSparesBefore(newest).released()).containsExactly("first");
    assertThat(store.pool().members().live()).hasSize(2).first().isSameAs(newest);
    assertThat(open(second, third).pool().members().live()).hasSize(2);
  }

  @Test
  void shouldNeverTakeAFormerStateOfASpareThatIsAddedAgain() throws Exception {
    // Of a size with which its checkpoint areas lie in the same place the second time.
    CrashableDevice again = new CrashableDevice(492 * 4096, 512).named("again");
    MetadataStore store = TestSet.open(first);
    store.addSpare(again, "again");
    store.pool().useNewestOnly();
    for (int i = 0; i < 10; i++) {
      TestSet.map(store, i, i);
      store.checkpoint();
    }
    SpareLayout before = store.pool().layout();
    moveAwayTo(store, first);
    TreeMap<Long, Long> entries = TestSet.entries(store.table());
    assertThat(store.pool().members().live()).hasSize(1);

    store.addSpare(again, "again");
    assertThat(store.pool().layout().checkpointOffset(2, 1, 0))
        .isEqualTo(before.checkpointOffset(2, 1, 0));
    MetadataStore later = open(first.crashLosingAll(), again.crashLosingAll());
    assertThat(TestSet.entries(later.table())).isEqualTo(entries);
  }

  /** Adds a spare that was there before, and moves five blocks to it; the others are healthy. */
  private static void moveAwayTo(MetadataStore store, CrashableDevice spare) throws IOException {
    TestSet.addSpare(store, spare, 4);
    store.pool().useNewestOnly();
    for (int i = 0; i < 5; i++) {
      TestSet.map(store, i, 100 + i);
    }
    for (int i = 5; i < 10; i++) {
      store.commit(List.of(new MetadataRecord.Unmapped(i)));
    }
    store.releaseSparesBefore(store.pool().members().head());
  }
}
