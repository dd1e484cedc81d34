package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashStates;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.Membership.OlderMember;
import io.remapfs.engine.metadata.Membership.Successor;
import io.remapfs.engine.spare.SpareLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changing what the superblocks say, with a crash or damage at any moment. */
final class SuperblockRewriteTest {
  private static final SpareLayout LAYOUT = TestSet.SMALL;
  private static final BackingIdentity OTHER =
      new BackingIdentity(TestSet.BACKING.sizeBytes(), "SERIAL-2");

  private CrashableDevice spare = TestSet.blank(LAYOUT);

  @BeforeEach
  void format() throws Exception {
    spare = TestSet.formatted(LAYOUT);
  }

  private static void rename(CrashableDevice device) throws Exception {
    MetadataStore store = MetadataStore.open(device, null, Access.READ_WRITE);
    store.rewriteSuperblock(old -> old.withBacking(OTHER).withSpareId("wwn-2"));
    assertThat(store.superblock().spareId()).isEqualTo("wwn-2");
  }

  @Test
  void shouldBeForTheNewDiskWhenRewritten() throws Exception {
    long generation = MetadataStore.identify(spare).generation();
    rename(spare);
    Superblock now = MetadataStore.identify(spare.crashLosingAll());
    assertThat(now.backing()).isEqualTo(OTHER);
    assertThat(now.spareId()).isEqualTo("wwn-2");
    assertThat(now.generation()).isEqualTo(generation + 1);
    assertThat(MetadataStore.open(spare, OTHER, Access.READ_WRITE).recovery().damagedBlocks())
        .isZero();
    assertThatThrownBy(() -> TestSet.open(spare)).isInstanceOf(WrongSetException.class);
  }

  @Test
  void shouldBeTheOldOrTheNewWhereverARewriteIsCut() throws Exception {
    MetadataStore store = TestSet.open(spare);
    long slot = TestSet.map(store, 1, 1);
    CrashStates states = new CrashStates(List.of(spare), 200, new Random(3));
    List<String> seen = new ArrayList<>();
    spare.setHook(
        (operation, offset, length) -> states.visit(cut -> seen.add(idOf(cut.get(0), slot))));
    store.rewriteSuperblock(old -> old.withSpareId("new"));
    spare.setHook((operation, offset, length) -> {});
    states.visit(cut -> seen.add(idOf(cut.get(0), slot)));
    assertThat(seen).hasSizeGreaterThan(8).contains("", "new");
    assertThat(seen.get(seen.size() - 1)).isEqualTo("new");
  }

  /** The id after a recovery, which must be what every later one says. */
  private static String idOf(CrashableDevice crashed, long slot) {
    try {
      MetadataStore store = TestSet.open(crashed);
      assertThat(store.table().targetOf(1)).isEqualTo(slot);
      String id = store.superblock().spareId();
      for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
        assertThat(copyAt(crashed, zone)).isEqualTo(store.superblock());
      }
      return id;
    } catch (MetadataException | BlockDeviceException e) {
      throw new AssertionError(e);
    }
  }

  private static Superblock copyAt(CrashableDevice device, int zone) throws BlockDeviceException {
    IoBuffer block = IoBuffer.allocate(4096);
    device.read(LAYOUT.superblockOffset(zone), block, 0, 4096);
    assertThat(BlockFormat.isIntact(block.bytes(), 0, SuperblockFormat.MAGIC)).isTrue();
    return SuperblockFormat.decode(block.bytes(), 0);
  }

  @Test
  void shouldTakeTheHighestGenerationWhenOneCopyAloneHasIt() throws Exception {
    CrashableDevice renamed = new CrashableDevice(spare.image(), 512);
    rename(renamed);
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      CrashableDevice mixed = new CrashableDevice(spare.image(), 512);
      copy(renamed, mixed, LAYOUT.superblockOffset(zone));
      MetadataStore store = MetadataStore.open(mixed, null, Access.READ_WRITE);
      assertThat(store.superblock().backing()).isEqualTo(OTHER);
      assertThat(store.recovery().recoveryCase()).isEqualTo(RecoveryCase.COPIES_REPAIRED);
      assertThat(copyAt(mixed, (zone + 1) % 3).backing()).isEqualTo(OTHER);
    }
  }

  @Test
  void shouldNeverObeyACopyThatComesBackWhenItWasUnreadable() throws Exception {
    CrashableDevice renamed = new CrashableDevice(spare.image(), 512);
    rename(renamed);
    // The rewrite reached copy 0 alone, which then could neither be read nor written.
    copy(renamed, spare, LAYOUT.superblockOffset(0));
    spare.fail(Operation.READ, 0, 4096, Fault.MEDIUM);
    spare.fail(Operation.WRITE, 0, 4096, Fault.MEDIUM);
    TestSet.open(spare);
    spare.heal();
    assertThat(copyAt(spare, 0).backing()).isEqualTo(OTHER);
    spare.corrupt(LAYOUT.superblockOffset(1), 4096);
    assertThat(MetadataStore.identify(spare).backing()).isEqualTo(TestSet.BACKING);
  }

  @Test
  void shouldRefuseWhenTwoCopiesOfOneGenerationContradictEachOther() throws Exception {
    CrashableDevice renamed = new CrashableDevice(spare.image(), 512);
    rename(renamed);
    TestSet.open(spare).rewriteSuperblock(old -> old.withSpareId("other"));
    copy(renamed, spare, LAYOUT.superblockOffset(0));
    spare.corrupt(LAYOUT.superblockOffset(1), 4096);
    assertThatThrownBy(() -> TestSet.open(spare))
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining("contradict each other");
  }

  @Test
  void shouldRefuseToChangeAnythingElseWhenRewriting() throws Exception {
    MetadataStore store = TestSet.open(spare);
    byte[] before = spare.image();
    assertThatThrownBy(
            () -> store.rewriteSuperblock(old -> old.withBacking(new BackingIdentity(1, ""))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.rewriteSuperblock(old -> old.withGeneration(7)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.rewriteSuperblock(old -> old.withSpareId("x".repeat(257))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(spare.image()).isEqualTo(before);
  }

  @Test
  void shouldTakeZerosForTheFirstSpareWhenItsSuperblockIsOfAnEarlierRemapfs() throws Exception {
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      IoBuffer block = IoBuffer.allocate(4096);
      spare.read(LAYOUT.superblockOffset(zone), block, 0, 4096);
      block.bytes().put(1088, new byte[4092 - 1088]);
      BlockFormat.seal(block.bytes(), 0);
      spare.write(LAYOUT.superblockOffset(zone), block, 0, 4096);
    }
    MetadataStore store = TestSet.open(spare);
    Superblock superblock = store.superblock();
    assertThat(superblock.membership()).isEqualTo(Membership.ofOnlyMember(superblock.setUuid()));
    assertThat(superblock.generation()).isZero();
    assertThat(superblock.formatVersion()).isEqualTo(1);
    assertThat(store.recovery().recoveryCase()).isEqualTo(RecoveryCase.CLEAN);
  }

  @Test
  void shouldSayAllOfAMembershipWhenReadBack() {
    List<OlderMember> older = new ArrayList<>();
    for (int i = 0; i < Membership.MAX_MEMBERS - 1; i++) {
      older.add(
          new OlderMember(
              UUID.randomUUID(),
              100L * i,
              90,
              1 << 20,
              64 + i,
              80L * i,
              "/spares/" + "é".repeat(90)));
    }
    Superblock superblock =
        new Superblock(
            UUID.randomUUID(),
            4096,
            new BackingIdentity(1 << 30, "x".repeat(1024)),
            1 << 20,
            64,
            1,
            "y".repeat(256),
            9,
            new Membership(
                UUID.randomUUID(),
                800,
                630,
                older,
                new Successor(UUID.randomUUID(), "z".repeat(256)),
                true,
                true));
    IoBuffer block = IoBuffer.allocate(4096);
    SuperblockFormat.encode(superblock, block.bytes(), 0);
    assertThat(BlockFormat.isIntact(block.bytes(), 0, SuperblockFormat.MAGIC)).isTrue();
    assertThat(SuperblockFormat.version(block.bytes(), 0)).isEqualTo(2);
    assertThat(SuperblockFormat.isSane(block.bytes(), 0)).isTrue();
    assertThat(SuperblockFormat.decode(block.bytes(), 0)).isEqualTo(superblock);
  }

  private static void copy(CrashableDevice from, CrashableDevice to, long offset) throws Exception {
    IoBuffer buffer = IoBuffer.allocate(4096);
    from.read(offset, buffer, 0, 4096);
    to.write(offset, buffer, 0, 4096);
    to.flush();
  }
}
