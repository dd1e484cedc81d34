package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.metadata.MetadataRecord.Unmapped;
import io.remapfs.engine.spare.SlotTag;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With every copy of the metadata gone, what the slots' own tags tell is rebuilt, and no more. */
final class TagRebuildTest {
  private static final SpareLayout LAYOUT = SpareLayout.of(4 << 20, TestSet.BLOCK_SIZE);

  /** Zeroes or rots every superblock, checkpoint area and journal ring. */
  private static void destroy(CrashableDevice spare, SpareLayout layout, boolean zero)
      throws IOException {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      long areas = 2L * layout.checkpointBlocks() + layout.ringBlocks();
      for (long[] range :
          new long[][] {
            {layout.superblockOffset(zone), 4096},
            {layout.checkpointOffset(zone, 0, 0), areas << 12}
          }) {
        if (zero) {
          spare.zero(range[0], range[1], false);
        } else {
          spare.corrupt(range[0], (int) range[1]);
        }
      }
    }
    spare.flush();
  }

  private static MetadataStore used(CrashableDevice spare, int blocks) throws IOException {
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    for (int i = 0; i < blocks; i++) {
      TestSet.map(store, i * 3L, i);
    }
    return store;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldMapWhatTagsTellWhenAllMetadataIsGone(boolean zeroed) throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    MetadataStore store = used(spare, 300);
    TestSet.map(store, 30, 1030);
    TestSet.map(store, 33, 1033);
    TestSet.map(store, 30, 2030);
    TreeMap<Long, Long> before = TestSet.entries(store.table());
    long tagsBefore = store.nextSequence();
    destroy(spare, LAYOUT, zeroed);
    assertThatThrownBy(() -> TestSet.open(spare))
        .isInstanceOfAny(CorruptMetadataException.class, NotFormattedException.class);

    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.rebuiltBlocks()).isEqualTo(300);
    assertThat(report.supersededSlots()).isEqualTo(3);
    assertThat(report.nextSlot()).isEqualTo(303);
    assertThat(report.healthyCopies()).isEqualTo(3);
    assertThat(report.damagedTags() + report.foreignTags() + report.unreadableTagBlocks()).isZero();
    assertThat(String.join(" ", report.notVouchedFor()))
        .contains("never finished", "moved back", "pending", "failed");

    MetadataStore again = TestSet.open(spare.crashLosingAll());
    assertThat(TestSet.entries(again.table())).isEqualTo(before);
    assertThat(again.superblock()).isEqualTo(report.superblock());
    assertThat(again.superblock().blockSizeBytes()).isEqualTo(TestSet.BLOCK_SIZE);
    assertThat(again.recovery().wasClean()).isFalse();
    assertThat(again.nextSequence()).isGreaterThan(tagsBefore);
    assertThat(again.pool().allocate()).isEqualTo(303);
    assertThat(TestSet.slotContent(spare, LAYOUT, Target.slot(again.table().targetOf(30))))
        .isEqualTo(2030);
  }

  @Test
  void shouldStillTellWhenASetWasRebuiltUsedAndLostAgain() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 5);
    for (int round = 0; round < 3; round++) {
      destroy(spare, LAYOUT, round % 2 == 0);
      assertThat(TagRebuild.rebuild(spare, TestSet.BACKING).rebuiltBlocks()).isEqualTo(5 + round);
      MetadataStore store = TestSet.open(spare);
      store.markOpened();
      TestSet.map(store, 3, 100 + round);
      TestSet.map(store, 9000 + round, 1);
    }
    MetadataStore store = TestSet.open(spare);
    assertThat(TestSet.slotContent(spare, LAYOUT, Target.slot(store.table().targetOf(3))))
        .isEqualTo(102);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 4096, 16384, 65536})
  void shouldFindTheBlockSizeFromTheTagsAlone(int blockSizeBytes) throws Exception {
    CrashableDevice spare = new CrashableDevice(16 << 20, 512);
    MetadataStore.format(spare, blockSizeBytes, TestSet.BACKING);
    MetadataStore store = TestSet.open(spare);
    SpareLayout layout = store.pool().layout();
    IoBuffer data = IoBuffer.allocate(blockSizeBytes);
    for (int i = 0; i < 20; i++) {
      store.pool().write(store.pool().allocate(), 7L * i, store.nextSequence(), data, 0);
    }
    spare.flush();
    destroy(spare, layout, true);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.superblock().blockSizeBytes()).isEqualTo(blockSizeBytes);
    assertThat(report.rebuiltBlocks()).isEqualTo(20);
    assertThat(report.findings()).anyMatch(each -> each.contains(blockSizeBytes + " bytes"));
  }

  /** What {@link TagRebuildReport#notVouchedFor} warns of is what happens: pinned, not praised. */
  @Test
  void shouldTakeTagsThatNoLongerCountWhenNothingSaysSo() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    MetadataStore store = used(spare, 4);
    long burnt = Target.slot(store.table().targetOf(6));
    store.commit(
        List.of(
            new Unmapped(3),
            new Burnt(burnt),
            new Pending(6, burnt),
            new Pending(500, Target.NO_SLOT)));
    long uncommitted = store.pool().allocate();
    TestSet.writeSlot(store, uncommitted, 9, 999);
    spare.flush();
    destroy(spare, LAYOUT, true);
    TagRebuild.rebuild(spare, TestSet.BACKING);
    MetadataStore again = TestSet.open(spare);
    assertThat(TestSet.entries(again.table()))
        .isEqualTo(
            new TreeMap<>(
                Map.of(
                    0L, Target.remapped(0),
                    3L, Target.remapped(1),
                    6L, Target.remapped(burnt),
                    9L, Target.remapped(uncommitted))));
    assertThat(again.pool().burntCount()).isZero();
    assertThat(again.pool().allocate()).isEqualTo(uncommitted + 1);
  }

  @Test
  void shouldNotTakeTheTagsOfAFormerSet() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 300);
    MetadataStore.format(spare, LAYOUT, TestSet.BACKING);
    destroy(spare, LAYOUT, true);
    assertThat(TagSurvey.of(spare)).isEmpty();
    assertThatThrownBy(() -> TagRebuild.rebuild(spare, TestSet.BACKING))
        .isInstanceOf(NotFormattedException.class)
        .hasMessageContaining("nothing to rebuild");

    MetadataStore.format(spare, LAYOUT, TestSet.BACKING);
    used(spare, 2);
    destroy(spare, LAYOUT, true);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.rebuiltBlocks()).isEqualTo(2);
    assertThat(report.foreignTags()).isEqualTo(172);
    assertThat(report.nextSlot()).isEqualTo(2);
  }

  @Test
  void shouldNotTakeTheTagsOfAFormerSetOfAnotherBlockSize() throws Exception {
    CrashableDevice spare = new CrashableDevice(16 << 20, 512);
    MetadataStore.format(spare, TestSet.BLOCK_SIZE, TestSet.BACKING);
    used(spare, 300);
    MetadataStore.format(spare, 8192, TestSet.BACKING);
    destroy(spare, SpareLayout.of(spare.sizeBytes(), 8192), true);
    assertThat(TagSurvey.of(spare)).isEmpty();
  }

  @Test
  void shouldCountWhatItMissesWhenTagsAreDamagedOrUnreadable() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 300);
    destroy(spare, LAYOUT, true);
    spare.corrupt(LAYOUT.tagBlockOffset(0) + 5L * SlotTag.BYTES + 10, 2);
    spare.fail(Operation.READ, LAYOUT.tagBlockOffset(128), 512, Fault.MEDIUM);
    spare.fail(Operation.READ, LAYOUT.tagBlockOffset(384), 512, Fault.MEDIUM);
    spare.fail(Operation.READ, LAYOUT.tagBlockOffset(640), 512, Fault.MEDIUM);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.rebuiltBlocks()).isEqualTo(300 - 128 - 1);
    assertThat(report.damagedTags()).isEqualTo(1);
    assertThat(report.unreadableTagBlocks()).isEqualTo(3);
    // The group behind the last used one may have been in use; one farther back cannot have been.
    assertThat(report.nextSlot()).isEqualTo(384 + LAYOUT.contiguousSlots(384));
    assertThat(report.notVouchedFor()).anyMatch(each -> each.contains("1 damaged tags and 3"));
  }

  /** Metadata that went on from there would be refused, when the old one is gone already. */
  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MAX_VALUE, BlockFormat.NUMBER_LIMIT, BlockFormat.NUMBER_LIMIT - 1})
  void shouldCountATagAsDamagedWhenItsSequenceCannotBeOurs(long sequence) throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    MetadataStore store = used(spare, 4);
    IoBuffer data = IoBuffer.allocate(TestSet.BLOCK_SIZE);
    store.pool().write(store.pool().allocate(), 50, sequence, data, 0);
    spare.flush();
    destroy(spare, LAYOUT, true);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.damagedTags()).isEqualTo(1);
    assertThat(report.rebuiltBlocks()).isEqualTo(4);
    assertThat(TestSet.open(spare).pool().nextSlot()).isEqualTo(5);
  }

  @Test
  void shouldTakeTheSetWithMostTagsWhenTheFirstTagBlockIsUnreadable() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 300);
    destroy(spare, LAYOUT, true);
    spare.fail(Operation.READ, LAYOUT.tagBlockOffset(0), 512, Fault.MEDIUM);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.rebuiltBlocks()).isEqualTo(172);
    assertThat(report.nextSlot()).isEqualTo(300);
  }

  @Test
  void shouldUseTheSuperblockThatIsLeft() throws Exception {
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    used(spare, 10);
    Superblock before = MetadataStore.identify(spare);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(
          TestSet.SMALL.checkpointOffset(zone, 0, 0), 2 * TestSet.SMALL.checkpointBlocks() * 4096);
    }
    assertThatThrownBy(() -> TagRebuild.rebuild(spare, new BackingIdentity(1L << 29, "SERIAL-1")))
        .isInstanceOf(WrongSetException.class);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.rebuiltBlocks()).isEqualTo(10);
    // A ring of 4 blocks is nothing that could be guessed.
    assertThat(report.superblock().ringBlocks()).isEqualTo(4);
    assertThat(report.superblock().setUuid()).isNotEqualTo(before.setUuid());
    assertThat(SlotTag.setId(report.superblock().setUuid()))
        .isEqualTo(SlotTag.setId(before.setUuid()));
    assertThat(TestSet.open(spare.crashLosingAll()).table().remappedCount()).isEqualTo(10);
  }

  @Test
  void shouldRefuseWhenTheMetadataCanBeRecovered() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 3);
    byte[] before = spare.image();
    assertThatThrownBy(() -> TagRebuild.rebuild(spare, TestSet.BACKING))
        .isInstanceOf(IllegalStateException.class);
    assertThat(spare.image()).isEqualTo(before);
  }

  @Test
  void shouldRefuseABackingTooSmallForWhatTagsName() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    TestSet.map(TestSet.open(spare), 5000, 1);
    destroy(spare, LAYOUT, true);
    byte[] before = spare.image();
    assertThatThrownBy(
            () -> TagRebuild.rebuild(spare, new BackingIdentity(5000L * TestSet.BLOCK_SIZE, "")))
        .isInstanceOf(WrongSetException.class)
        .hasMessageContaining("holds block 5000");
    assertThat(spare.image()).isEqualTo(before);
  }

  @Test
  void shouldRebuildOnTheCopiesThatTakeWrites() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 3);
    destroy(spare, LAYOUT, false);
    spare.fail(Operation.WRITE, LAYOUT.ringOffset(0), 4096, Fault.MEDIUM);
    spare.fail(Operation.WRITE, LAYOUT.superblockOffset(2), 4096, Fault.MEDIUM);
    TagRebuildReport report = TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(report.healthyCopies()).isEqualTo(1);
    assertThat(report.findings()).anyMatch(each -> each.contains("metadata copy 0"));
    assertThat(TestSet.open(spare.crashLosingAll()).table().remappedCount()).isEqualTo(3);
    spare.fail(Operation.WRITE, 0, spare.sizeBytes(), Fault.MEDIUM);
    destroyByRot(spare);
    assertThatThrownBy(() -> TagRebuild.rebuild(spare, TestSet.BACKING))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no good as a spare");
  }

  private static void destroyByRot(CrashableDevice spare) {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(LAYOUT.superblockOffset(zone), 4096);
    }
  }

  /** Cuts the power before every operation of a rebuild: the next try tells the same. */
  @Test
  void shouldRebuildTheSameWhenAFormerTryWasCutShort() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    TreeMap<Long, Long> expected = TestSet.entries(used(spare, 7).table());
    destroy(spare, LAYOUT, true);
    List<CrashableDevice> crashed = new ArrayList<>();
    spare.setHook(
        (operation, offset, length) -> {
          if (operation != Operation.READ) {
            crashed.add(spare.crashLosingAll());
            crashed.add(spare.crashKeepingAll());
            crashed.add(spare.crashTearingAll(0, 500));
          }
        });
    TagRebuild.rebuild(spare, TestSet.BACKING);
    assertThat(crashed).hasSizeGreaterThan(30);
    for (CrashableDevice each : crashed) {
      try {
        TestSet.open(each);
      } catch (CorruptMetadataException | NotFormattedException e) {
        TagRebuild.rebuild(each, TestSet.BACKING);
      }
      assertThat(TestSet.entries(TestSet.open(each).table())).isEqualTo(expected);
    }
  }

  @Test
  void shouldNameTheBlocksThatNobodyCanVouchFor() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 5);
    destroy(spare, LAYOUT, true);
    // The last block of this backing is short.
    int size = 12 * TestSet.BLOCK_SIZE + 512;
    CrashableDevice backing = new CrashableDevice(size, 512);
    IoBuffer buffer = IoBuffer.allocate(TestSet.BLOCK_SIZE);
    for (int at = 0; at < TestSet.BLOCK_SIZE; at += 8) {
      buffer.bytes().putLong(at, 4);
    }
    backing.write(12L * TestSet.BLOCK_SIZE, buffer, 0, 512); // as its slot
    backing.fail(Operation.READ, 3L * TestSet.BLOCK_SIZE, 512, Fault.MEDIUM);
    TagRebuild.rebuild(spare, new BackingIdentity(size, ""));
    MetadataStore store = MetadataStore.open(spare, null, Access.READ_ONLY);
    long slot = Target.slot(store.table().targetOf(9));
    spare.fail(Operation.READ, LAYOUT.slotByteOffset(slot), 512, Fault.MEDIUM);
    // Block 0 is zeros in both places, block 6 is not.
    assertThat(RebuiltBlocks.compare(store, backing))
        .isEqualTo(new RebuiltBlocks(2, 1, List.of(6L), List.of(9L)));
  }

  @Test
  void shouldWriteNothingWhenSurveyed() throws Exception {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    used(spare, 3);
    destroy(spare, LAYOUT, false);
    byte[] before = spare.image();
    assertThat(TagSurvey.of(spare).orElseThrow().taggedSlots()).isEqualTo(3);
    assertThatThrownBy(() -> MetadataStore.open(spare, null, Access.READ_ONLY))
        .isInstanceOf(MetadataException.class);
    assertThat(spare.image()).isEqualTo(before);
  }
}
