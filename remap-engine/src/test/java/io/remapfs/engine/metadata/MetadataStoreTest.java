package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Landing;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.metadata.MetadataRecord.Unmapped;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class MetadataStoreTest {
  private static final SpareLayout LARGE = SpareLayout.of(16 << 20, TestSet.BLOCK_SIZE);

  @Test
  void shouldReadBackEveryKindOfRecordWhenReopened() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    long slot = TestSet.map(store, 10, 100);
    long burnt = TestSet.map(store, 11, 110);
    long removed = TestSet.map(store, 12, 120);
    store.commit(
        List.of(new Burnt(burnt), new Pending(11, burnt), new Pending(13, Target.NO_SLOT)));
    store.commit(List.of(new Unmapped(12)));

    for (Access access : new Access[] {Access.READ_ONLY, Access.READ_WRITE, Access.READ_WRITE}) {
      MetadataStore again = MetadataStore.open(spare, TestSet.BACKING, access);
      assertThat(again.table().targetOf(10)).isEqualTo(Target.remapped(slot));
      assertThat(again.table().targetOf(11)).isEqualTo(Target.pending(burnt));
      assertThat(again.table().targetOf(12)).isEqualTo(Target.HEALTHY);
      assertThat(again.table().targetOf(13)).isEqualTo(Target.pending(Target.NO_SLOT));
      assertThat(TestSet.entries(again.table())).hasSize(3);
      assertThat(again.pool().isBurnt(burnt)).isTrue();
      assertThat(again.pool().isBurnt(removed)).isFalse();
      assertThat(again.superblock()).isEqualTo(store.superblock());
    }
  }

  @Test
  void shouldNeverHandOutASlotAgainWhenRestarted() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    long last = -1;
    for (int run = 0; run < 6; run++) {
      MetadataStore store = TestSet.open(spare);
      store.markOpened();
      long slot = TestSet.map(store, run, run);
      long unmapped = TestSet.map(store, 100 + run, run);
      store.commit(List.of(new Unmapped(100 + run)));
      assertThat(slot).isGreaterThan(last);
      assertThat(unmapped).isGreaterThan(slot);
      last = unmapped;
      if (run % 2 == 0) {
        store.closeClean(Fingerprint.unknown());
      }
    }
  }

  @Test
  void shouldGoOnCountingWhenRestarted() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    long tag = 0;
    for (int run = 0; run < 8; run++) {
      MetadataStore store = TestSet.open(spare);
      for (int i = 0; i < 3; i++) {
        long next = store.nextSequence();
        assertThat(next).isGreaterThan(tag);
        tag = next;
      }
      store.markOpened();
      TestSet.map(store, run, run);
      if (run % 3 == 0) {
        store.closeClean(Fingerprint.unknown());
      }
    }
  }

  @Test
  void shouldWriteTensOfJournalBlocksWhenAThousandRecordsComeAtOnce() throws Exception {
    CrashableDevice spare = TestSet.formatted(LARGE);
    MetadataStore store = TestSet.open(spare);
    AtomicInteger journalWrites = new AtomicInteger();
    long ring = LARGE.ringOffset(1);
    spare.setHook(
        (operation, offset, length) -> {
          if (operation == Operation.FLUSH) {
            // A disk's flush takes a while; that is when the others queue up.
            LockSupport.parkNanos(2_000_000);
          } else if (operation == Operation.WRITE
              && offset >= ring
              && offset < ring + 4096L * LARGE.ringBlocks()) {
            journalWrites.incrementAndGet();
          }
        });
    ExecutorService threads = Executors.newFixedThreadPool(50);
    List<Future<?>> results = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      long blockIndex = i;
      results.add(threads.submit(() -> TestSet.map(store, blockIndex, blockIndex)));
    }
    for (Future<?> result : results) {
      result.get();
    }
    threads.shutdown();
    assertThat(journalWrites.get()).isBetween(4, 100);
    TreeMap<Long, Long> published = TestSet.entries(store.table());
    assertThat(published).hasSize(1000);
    MetadataStore again = TestSet.open(spare.crashLosingAll());
    assertThat(TestSet.entries(again.table())).isEqualTo(published);
  }

  @Test
  void shouldKeepEverythingWhenTheRingWrapsManyTimes() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    TreeMap<Long, Long> expected = new TreeMap<>();
    for (int i = 0; i < TestSet.SMALL.slotCount(); i++) {
      long blockIndex = 1000 - i;
      expected.put(blockIndex, Target.remapped(TestSet.map(store, blockIndex, i)));
      assertThat(TestSet.entries(TestSet.open(spare.crashLosingAll()).table())).isEqualTo(expected);
    }
    assertThat(store.pool().allocate()).isEqualTo(-1);
  }

  @Test
  void shouldHoldAFullTableWhenEverySlotAndEveryPendingIsTaken() throws Exception {
    CrashableDevice spare = TestSet.formatted(LARGE);
    MetadataStore store = TestSet.open(spare);
    long slots = LARGE.slotCount();
    List<MetadataRecord> records = new ArrayList<>();
    for (long i = 0; i < slots + 10; i++) {
      records.add(new Pending(i * 3, Target.NO_SLOT));
    }
    store.commit(records);
    assertThat(store.table().pendingCount()).isEqualTo(slots);
    assertThat(store.droppedPendingTotal()).isEqualTo(10);
    records.clear();
    for (long i = 0; i < slots; i++) {
      records.add(new Mapped(i * 3 + 1, store.pool().allocate(), Cause.SALVAGED));
    }
    for (long i = 0; i < slots; i += 2) {
      records.add(new Burnt(i));
    }
    store.commit(records);
    store.checkpoint();
    MetadataStore again = TestSet.open(spare.crashLosingAll());
    assertThat(TestSet.entries(again.table())).isEqualTo(TestSet.entries(store.table()));
    assertThat(again.table().remappedCount()).isEqualTo(slots);
    assertThat(again.pool().burntCount()).isEqualTo((slots + 1) / 2);
    assertThat(again.salvagedTotal()).isEqualTo(slots);
    assertThat(again.droppedPendingTotal()).isEqualTo(10);
  }

  @Test
  void shouldPublishOnlyAfterTheJournalIsDurable() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    List<String> tooEarly = new ArrayList<>();
    spare.setHook(
        (operation, offset, length) -> {
          if (store.table().targetOf(5) != Target.HEALTHY) {
            tooEarly.add(operation + " at " + offset);
          }
        });
    TestSet.map(store, 5, 5);
    spare.setHook((operation, offset, length) -> {});
    assertThat(tooEarly).isEmpty();
    assertThat(store.table().targetOf(5)).isEqualTo(Target.remapped(0));
  }

  @Test
  void shouldGoOnWhenOneCopyRefusesWrites() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    spare.fail(Operation.WRITE, TestSet.SMALL.ringOffset(0), 4096 * 4, Fault.MEDIUM);
    long slot = TestSet.map(store, 5, 5);
    assertThat(store.healthyCopies()).isEqualTo(2);
    assertThat(store.lostCopies()).hasSize(1);
    for (int i = 0; i < 10; i++) {
      TestSet.map(store, 20 + i, 5);
    }
    spare.heal();
    MetadataStore again = TestSet.open(spare.crashLosingAll());
    assertThat(again.table().targetOf(5)).isEqualTo(Target.remapped(slot));
    assertThat(again.table().remappedCount()).isEqualTo(11);
    assertThat(again.healthyCopies()).isEqualTo(3);
  }

  @Test
  void shouldAcknowledgeNothingWhenNoCopyTakesWrites() throws Exception {
    for (Landing landing : Landing.values()) {
      CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
      MetadataStore store = TestSet.open(spare);
      long kept = TestSet.map(store, 4, 4);
      spare.setFailedWritesLand(landing);
      for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
        spare.fail(Operation.WRITE, TestSet.SMALL.ringOffset(zone), 4096 * 4, Fault.MEDIUM);
      }
      assertThatThrownBy(() -> TestSet.map(store, 5, 5))
          .isInstanceOf(MetadataUnavailableException.class);
      assertThat(store.isUnavailable()).isTrue();
      assertThat(store.healthyCopies()).isZero();
      assertThat(store.table().targetOf(4)).isEqualTo(Target.remapped(kept));
      // In doubt: the next recovery may find the mapping, so nobody may write the block until then.
      assertThat(store.table().targetOf(5)).isEqualTo(Target.pending(Target.NO_SLOT));
      spare.heal();
      assertThatThrownBy(() -> TestSet.map(store, 6, 6))
          .isInstanceOf(MetadataUnavailableException.class);
      assertThat(store.table().targetOf(6)).isEqualTo(Target.HEALTHY);
      assertThatThrownBy(() -> store.closeClean(Fingerprint.unknown()))
          .isInstanceOf(MetadataUnavailableException.class);
      MetadataStore again = TestSet.open(spare);
      assertThat(again.table().targetOf(4)).isEqualTo(Target.remapped(kept));
      assertThat(again.table().targetOf(5)).isIn(Target.HEALTHY, Target.remapped(kept + 1));
    }
  }

  @Test
  void shouldStayUnavailableWhenAFlushFailsOnce() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    long slot = TestSet.map(store, 4, 4);
    spare.failFlushes(Fault.MEDIUM, 1);
    assertThatThrownBy(() -> TestSet.map(store, 5, 5))
        .isInstanceOf(MetadataUnavailableException.class)
        .hasMessageContaining("flushed");
    assertThat(store.table().targetOf(5)).isEqualTo(Target.HEALTHY);
    assertThatThrownBy(store::checkpoint).isInstanceOf(MetadataUnavailableException.class);
    MetadataStore again = TestSet.open(spare.crashLosingAll());
    assertThat(TestSet.entries(again.table())).containsOnlyKeys(4L);
    assertThat(again.table().targetOf(4)).isEqualTo(Target.remapped(slot));
  }

  @Test
  void shouldMakeABlockPendingInItsOldSlotWhenItsUnmappingIsInDoubt() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    long slot = TestSet.map(store, 4, 4);
    AtomicInteger flushes = new AtomicInteger();
    spare.setHook(
        (operation, offset, length) -> {
          if (operation == Operation.FLUSH && flushes.incrementAndGet() == 2) {
            spare.failFlushes(Fault.TRANSPORT, 1);
          }
        });
    assertThatThrownBy(() -> store.commit(List.of(new Unmapped(4))))
        .isInstanceOf(MetadataUnavailableException.class);
    assertThat(store.table().targetOf(4)).isEqualTo(Target.pending(slot));
  }

  @Test
  void shouldWriteNothingWhenOpenedReadOnly() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    TestSet.map(store, 4, 4);
    CrashableDevice crashed = spare.crashLosingAll();
    crashed.corrupt(0, 4096);
    byte[] before = crashed.image();
    MetadataStore readOnly = MetadataStore.open(crashed, TestSet.BACKING, Access.READ_ONLY);
    assertThat(readOnly.table().remappedCount()).isEqualTo(1);
    assertThat(readOnly.recovery().repaired()).isFalse();
    assertThatThrownBy(() -> readOnly.commit(List.of(new Unmapped(4))))
        .isInstanceOf(MetadataUnavailableException.class);
    readOnly.closeClean(Fingerprint.unknown());
    assertThat(crashed.image()).isEqualTo(before);
    assertThat(crashed.flushes()).isZero();
  }

  @Test
  void shouldWriteNothingWhenACleanSetIsOpened() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 4, 4);
    store.closeClean(Fingerprint.unknown());
    long writes = spare.writes();
    MetadataStore again = TestSet.open(spare);
    assertThat(again.recovery().recoveryCase()).isEqualTo(RecoveryCase.CLEAN);
    assertThat(again.cleanFingerprint()).isNotNull();
    assertThat(spare.writes()).isEqualTo(writes);
    again.markOpened();
    assertThat(TestSet.open(spare.crashLosingAll()).recovery().wasClean()).isFalse();
    assertThat(TestSet.open(spare.crashLosingAll()).cleanFingerprint()).isNull();
  }

  @Test
  void shouldOpenUnavailableWhenTheRepairCannotBeWritten() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    long slot = TestSet.map(store, 4, 4);
    CrashableDevice crashed = spare.crashLosingAll();
    crashed.fail(Operation.WRITE, 0, crashed.sizeBytes(), Fault.MEDIUM);
    MetadataStore again = TestSet.open(crashed);
    assertThat(again.isUnavailable()).isTrue();
    assertThat(again.table().targetOf(4)).isEqualTo(Target.remapped(slot));
    assertThat(again.recovery().repaired()).isFalse();
  }

  @Test
  void shouldRefuseRecordsThatNameWhatDoesNotExist() throws Exception {
    MetadataStore store = TestSet.open(TestSet.formatted(TestSet.SMALL));
    long blocks = store.table().blockCount();
    for (MetadataRecord record :
        new MetadataRecord[] {
          new Mapped(0, 0, Cause.WRITTEN),
          new Pending(blocks, Target.NO_SLOT),
          new Unmapped(-1),
          new Burnt(3),
          new Pending(0, 5)
        }) {
      assertThatThrownBy(() -> store.commit(List.of(record)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    long burnt = store.pool().allocate();
    store.commit(List.of(new Burnt(burnt)));
    assertThatThrownBy(() -> store.commit(List.of(new Mapped(0, burnt, Cause.WRITTEN))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldSurviveThatTheDaemonIsKilledWhileCommitting() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 4, 4);
    AtomicReference<CrashableDevice> cut = new AtomicReference<>();
    spare.setHook(
        (operation, offset, length) -> {
          if (operation == Operation.FLUSH && spare.unflushedWrites() == SpareLayout.ZONES) {
            cut.set(spare.crashKeepingAll());
          }
        });
    TestSet.map(store, 5, 5);
    // The page cache outlived the daemon: the unacknowledged record is there, and is kept.
    MetadataStore again = TestSet.open(cut.get());
    assertThat(TestSet.entries(again.table())).containsOnlyKeys(4L, 5L);
    assertThat(again.recovery().repaired()).isTrue();
  }

  @Test
  void shouldRefuseBlocksSmallerThanTheSparesSector() {
    CrashableDevice spare = new CrashableDevice(4 << 20, 4096);
    assertThatThrownBy(() -> MetadataStore.format(spare, 512, TestSet.BACKING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sector");
  }

  @Test
  void shouldFailTheFormatWhenOneCopyCannotBeWritten() {
    CrashableDevice spare = new CrashableDevice((int) TestSet.SMALL.spareSizeBytes(), 512);
    spare.fail(Operation.WRITE, TestSet.SMALL.checkpointOffset(2, 0, 0), 4096, Fault.MEDIUM);
    assertThatThrownBy(() -> MetadataStore.format(spare, TestSet.SMALL, TestSet.BACKING))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no good as a spare");
  }
}
