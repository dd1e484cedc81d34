package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.spare.SpareLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One test a row of {@link RecoveryCase}, and the variations of the rows that refuse. */
final class RecoveryCaseTest {
  private static final SpareLayout LAYOUT = TestSet.SMALL;

  private final CrashableDevice spare;

  RecoveryCaseTest() throws Exception {
    spare = TestSet.formatted(LAYOUT);
  }

  @Test
  void shouldHaveATestForEveryRow() {
    Set<String> tests =
        Arrays.stream(getClass().getDeclaredMethods())
            .map(method -> method.getName())
            .collect(Collectors.toSet());
    for (RecoveryCase row : RecoveryCase.values()) {
      String name = row.name().replace("_", "").toLowerCase(java.util.Locale.ROOT);
      assertThat(tests)
          .anyMatch(test -> test.toLowerCase(java.util.Locale.ROOT).startsWith("should" + name));
    }
  }

  @Test
  void shouldHaveEveryRowInTheDocuments() throws Exception {
    String table = Files.readString(Path.of("../docs/data-format.md"));
    for (RecoveryCase row : RecoveryCase.values()) {
      assertThat(table).containsPattern("\\| ([A-Z_]+, )?" + row.name() + "[, |]");
    }
  }

  @Test
  void shouldCleanWhenClosedInGoodOrder() throws Exception {
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    TestSet.map(store, 1, 1);
    store.closeClean(Fingerprint.unknown());
    RecoveryReport report = requireRow(RecoveryCase.CLEAN);
    assertThat(report.wasClean()).isTrue();
    assertThat(report.damagedBlocks()).isZero();
    assertThat(report.staleBlocks()).isZero();
  }

  @Test
  void shouldUncleanWhenTheLastRunCrashedBeforeItsFirstCommit() throws Exception {
    TestSet.open(spare).markOpened();
    TestSet.open(spare);
    RecoveryReport report = requireRow(RecoveryCase.UNCLEAN);
    assertThat(report.wasClean()).isFalse();
  }

  @Test
  void shouldReplayedWhenTheJournalGoesOn() throws Exception {
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 1, 1);
    TestSet.map(store, 2, 2);
    RecoveryReport report = requireRow(RecoveryCase.REPLAYED);
    assertThat(report.replayedBlocks()).isEqualTo(2);
    assertThat(report.replayedRecords()).isEqualTo(2);
    assertThat(report.damagedBlocks()).isZero();
    assertThat(requireRow(RecoveryCase.UNCLEAN).replayedBlocks()).isZero();
  }

  @Test
  void shouldCheckpointFallbackWhenTheNewestOneIsIncomplete() throws Exception {
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 1, 1);
    TestSet.map(store, 2, 2);
    store.checkpoint();
    assertThat(store.table().remappedCount()).isEqualTo(2);
    // Area B holds the new one; its only entry block goes in every copy.
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(LAYOUT.checkpointOffset(zone, 1, 1), 4096);
    }
    assertThat(requireRow(RecoveryCase.CHECKPOINT_FALLBACK).replayedBlocks()).isEqualTo(2);
    assertThat(TestSet.open(spare).table().remappedCount()).isEqualTo(2);
  }

  @Test
  void shouldCopiesRepairedWhenACopyIsDamaged() throws Exception {
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 1, 1);
    store.closeClean(Fingerprint.unknown());
    spare.corrupt(LAYOUT.superblockOffset(1), 4096);
    RecoveryReport report = requireRow(RecoveryCase.COPIES_REPAIRED);
    assertThat(report.damagedBlocks()).isEqualTo(1);
    assertThat(report.repaired()).isTrue();
    assertThat(report.findings()).anyMatch(line -> line.contains("superblock"));
    // The repair does not make a clean set unclean.
    assertThat(requireRow(RecoveryCase.CLEAN).damagedBlocks()).isZero();
  }

  @Test
  void shouldNotFormattedWhenThereIsNoTrace() {
    CrashableDevice blank = new CrashableDevice(1 << 20, 512);
    requireRefused(blank, RecoveryCase.NOT_FORMATTED, NotFormattedException.class);
    requireRefused(
        new CrashableDevice(4096, 512), RecoveryCase.NOT_FORMATTED, NotFormattedException.class);
    byte[] junk = new byte[1 << 20];
    new java.util.Random(7).nextBytes(junk);
    requireRefused(
        new CrashableDevice(junk, 512), RecoveryCase.NOT_FORMATTED, NotFormattedException.class);
  }

  @Test
  void shouldSuperblocksLostWhenTracesAreLeft() throws Exception {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(LAYOUT.superblockOffset(zone) + 100, 1);
    }
    requireRefused(spare, RecoveryCase.SUPERBLOCKS_LOST, CorruptMetadataException.class);

    CrashableDevice wiped = TestSet.formatted(LAYOUT);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      wiped.zero(LAYOUT.superblockOffset(zone), 4096, false);
    }
    requireRefused(wiped, RecoveryCase.SUPERBLOCKS_LOST, CorruptMetadataException.class);

    CrashableDevice unreadable = TestSet.formatted(LAYOUT);
    unreadable.fail(Operation.READ, 0, unreadable.sizeBytes(), Fault.TRANSPORT);
    requireRefused(unreadable, RecoveryCase.SUPERBLOCKS_LOST, CorruptMetadataException.class);
  }

  @Test
  void shouldSuperblocksLostWhenTheyNameThreeSets() throws Exception {
    CrashableDevice other = TestSet.formatted(LAYOUT);
    CrashableDevice third = TestSet.formatted(LAYOUT);
    copy(other, spare, LAYOUT.superblockOffset(1));
    copy(third, spare, LAYOUT.superblockOffset(2));
    requireRefused(spare, RecoveryCase.SUPERBLOCKS_LOST, CorruptMetadataException.class);
  }

  @Test
  void shouldSuperblocksLostWhenMostCopiesAreAnotherSets() throws Exception {
    TestSet.map(TestSet.open(spare), 1, 1);
    CrashableDevice other = TestSet.formatted(LAYOUT);
    for (int zone = 1; zone < SpareLayout.ZONES; zone++) {
      copy(other, spare, LAYOUT.superblockOffset(zone));
      copy(other, spare, LAYOUT.checkpointOffset(zone, 0, 0));
    }
    requireRefused(spare, RecoveryCase.SUPERBLOCKS_LOST, CorruptMetadataException.class);
  }

  @Test
  void shouldCopiesRepairedWhenOneSuperblockIsOutvoted() throws Exception {
    copy(TestSet.formatted(LAYOUT), spare, LAYOUT.superblockOffset(0));
    requireRow(RecoveryCase.COPIES_REPAIRED);
    requireRow(RecoveryCase.CLEAN);
  }

  @Test
  void shouldTooOldWhenAnIntactSuperblockSaysSo() throws Exception {
    writeVersion(BlockFormat.OLDEST_VERSION - 1);
    requireRefused(spare, RecoveryCase.TOO_OLD, TooOldFormatException.class);
  }

  @Test
  void shouldTooNewWhenAnIntactSuperblockSaysSo() throws Exception {
    writeVersion(SuperblockFormat.NEWEST_VERSION + 1);
    requireRefused(spare, RecoveryCase.TOO_NEW, TooNewFormatException.class);
  }

  @Test
  void shouldWrongSetWhenTheBackingDiffers() throws Exception {
    for (BackingIdentity other :
        new BackingIdentity[] {
          new BackingIdentity(TestSet.BACKING.sizeBytes() + 512, "SERIAL-1"),
          new BackingIdentity(TestSet.BACKING.sizeBytes(), "SERIAL-2"),
          new BackingIdentity(TestSet.BACKING.sizeBytes(), "")
        }) {
      assertThatThrownBy(() -> MetadataStore.open(spare, other, Access.READ_WRITE))
          .isInstanceOfSatisfying(
              WrongSetException.class,
              e -> assertThat(e.recoveryCase()).isEqualTo(RecoveryCase.WRONG_SET))
          .hasMessageContaining("name the backing");
    }
    assertThat(MetadataStore.open(spare, null, Access.READ_WRITE).table().blockCount())
        .isEqualTo(TestSet.BACKING.sizeBytes() / TestSet.BLOCK_SIZE);
  }

  @Test
  void shouldWrongSetWhenTheSpareHasShrunk() throws Exception {
    byte[] cut = Arrays.copyOf(spare.image(), (int) spare.sizeBytes() - 65536);
    requireRefused(new CrashableDevice(cut, 512), RecoveryCase.WRONG_SET, WrongSetException.class);
  }

  @Test
  void shouldOpenAndRepairInPlaceWhenTheSpareHasGrown() throws Exception {
    long slot = TestSet.map(TestSet.open(spare), 1, 1);
    byte[] grown = Arrays.copyOf(spare.image(), (int) spare.sizeBytes() * 2);
    CrashableDevice larger = new CrashableDevice(grown, 512);
    assertThat(TestSet.open(larger).recovery().damagedBlocks()).isZero();
    larger.corrupt(LAYOUT.superblockOffset(2), 4096);
    MetadataStore store = TestSet.open(larger);
    assertThat(store.recovery().damagedBlocks()).isEqualTo(1);
    assertThat(store.table().targetOf(1)).isEqualTo(slot);
    assertThat(TestSet.open(larger).recovery().damagedBlocks()).isZero();
  }

  @Test
  void shouldSpareMissingWhenAnotherSpareOfTheSetIsNotGiven() throws Exception {
    TestSet.open(spare).addSpare(new CrashableDevice(2 << 20, 512), "/spares/second");
    requireRefused(spare, RecoveryCase.SPARE_MISSING, MissingSpareException.class);
  }

  @Test
  void shouldNeverAddedWhenTheSpareBeforeItDoesNotNameIt() throws Exception {
    CrashableDevice before = new CrashableDevice(spare.image(), 512);
    CrashableDevice second = new CrashableDevice(2 << 20, 512);
    TestSet.open(spare).addSpare(second, "/spares/second");
    IoBuffer block = IoBuffer.allocate(4096);
    second.read(0, block, 0, 4096);
    Superblock added = SuperblockFormat.decode(block.bytes(), 0);
    Membership place = added.membership();
    Membership unconfirmed =
        new Membership(
            place.memberUuid(),
            place.firstSlot(),
            place.olderSlots(),
            place.older(),
            null,
            false,
            false);
    SuperblockFormat.encode(added.withMembership(unconfirmed), block.bytes(), 0);
    SpareLayout layout = SpareSet.layoutOf(added);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      second.write(layout.superblockOffset(zone), block, 0, 4096);
    }
    assertThatThrownBy(() -> MetadataStore.open(List.of(before, second), null, Access.READ_WRITE))
        .isInstanceOfSatisfying(
            WrongSetException.class,
            e -> assertThat(e.recoveryCase()).isEqualTo(RecoveryCase.NEVER_ADDED))
        .hasMessageContaining("was about to be added");
    assertThat(RecoveryCase.NEVER_ADDED.opens()).isFalse();
  }

  @Test
  void shouldCheckpointsLostWhenNoneIsWhole() throws Exception {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      for (int area = 0; area < 2; area++) {
        spare.corrupt(LAYOUT.checkpointOffset(zone, area, 0), 4096);
      }
    }
    requireRefused(spare, RecoveryCase.CHECKPOINTS_LOST, CorruptMetadataException.class);
  }

  @Test
  void shouldJournalHoleWhenAnAcknowledgedBlockIsGoneEverywhere() throws Exception {
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 1, 1);
    TestSet.map(store, 2, 2);
    TestSet.map(store, 3, 3);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(LAYOUT.journalOffset(zone, 2), 4096);
    }
    requireRefused(spare, RecoveryCase.JOURNAL_HOLE, CorruptMetadataException.class);
  }

  @Test
  void shouldJournalHoleWhenTheNewestCheckpointIsGoneAndTheJournalHasWrapped() throws Exception {
    MetadataStore store = TestSet.open(spare);
    for (int i = 0; i < LAYOUT.ringBlocks() + 2; i++) {
      TestSet.map(store, i, i);
    }
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(LAYOUT.checkpointOffset(zone, 1, 0), 4096);
    }
    requireRefused(spare, RecoveryCase.JOURNAL_HOLE, CorruptMetadataException.class);
  }

  @Test
  void shouldJournalHoleWhenAnIncompleteCheckpointProvesThatMoreWasDurable() throws Exception {
    MetadataStore store = TestSet.open(spare);
    TestSet.map(store, 1, 1);
    TestSet.map(store, 2, 2);
    store.checkpoint();
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      spare.corrupt(LAYOUT.checkpointOffset(zone, 1, 1), 4096);
      spare.corrupt(LAYOUT.journalOffset(zone, 2), 4096);
    }
    requireRefused(spare, RecoveryCase.JOURNAL_HOLE, CorruptMetadataException.class);
  }

  private RecoveryReport requireRow(RecoveryCase row) throws MetadataException {
    RecoveryReport report = TestSet.open(spare).recovery();
    assertThat(report.recoveryCase()).isEqualTo(row);
    assertThat(row.opens()).isTrue();
    return report;
  }

  private static void requireRefused(
      CrashableDevice device, RecoveryCase row, Class<? extends MetadataException> kind) {
    byte[] before = device.image();
    assertThatThrownBy(() -> TestSet.open(device))
        .isInstanceOfSatisfying(kind, e -> assertThat(e.recoveryCase()).isEqualTo(row));
    assertThat(row.opens()).isFalse();
    assertThat(device.image()).as("nothing was written").isEqualTo(before);
  }

  private void writeVersion(int version) throws Exception {
    IoBuffer buffer = IoBuffer.allocate(4096);
    spare.read(0, buffer, 0, 4096);
    buffer.bytes().putInt(BlockFormat.VERSION_AT, version);
    BlockFormat.seal(buffer.bytes(), 0);
    spare.write(0, buffer, 0, 4096);
  }

  private static void copy(CrashableDevice from, CrashableDevice to, long offset) throws Exception {
    IoBuffer buffer = IoBuffer.allocate(4096);
    from.read(offset, buffer, 0, 4096);
    to.write(offset, buffer, 0, 4096);
    to.flush();
  }
}
