package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.IoBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which backing and spare are taken to go together. */
final class SetIdentityTest {
  private static final String DISK = "inode 1 born 1.000000001";
  private static final String SPARE = "inode 2 born 1.000000002";
  private static final String OTHER = "inode 3 born 3.000000003";
  private static final String ANOTHER = "inode 4 born 3.000000004";

  private final CrashableDevice disk = new CrashableDevice(1 << 20, 512);
  private final CrashableDevice spare = TestSet.blank(TestSet.SMALL);

  @BeforeEach
  void useOnce() throws Exception {
    use(DISK, SPARE);
    MetadataStore store = mount(disk(DISK), spare(SPARE), false);
    TestSet.map(store, 200, 7);
    close(store, disk(DISK));
  }

  private void use(String diskId, String spareId) throws Exception {
    MetadataStore.format(
        spare(spareId), TestSet.SMALL, new BackingIdentity(disk.sizeBytes(), diskId));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "the same two,            DISK,  SPARE,   clean,   accepted",
    "the same after a crash,  DISK,  SPARE,   crashed, accepted",
    "both copied,             OTHER, ANOTHER, clean,   copied",
    "both copied in use,      OTHER, ANOTHER, crashed, copied or moved without being unmounted",
    "both now unknown,        '',    '',      clean,   copied",
    "only the disk is a copy, OTHER, SPARE,   clean,   disk is not the one that the spare",
    "the disk in use,         OTHER, SPARE,   crashed, disk is not the one that the spare",
    "only the spare,          DISK,  ANOTHER, clean,   the spare spare is not the one that disk",
    "the spare in use,        DISK,  ANOTHER, crashed, the spare spare is not the one that disk",
    "the disk now unknown,    '',    SPARE,   clean,   disk is not the one that the spare",
  })
  void shouldJudgeAPair(String row, String diskName, String spareName, String end, String verdict)
      throws Exception {
    BlockDevice backing = disk(id(diskName));
    BlockDevice other = spare(id(spareName));
    if (end.equals("crashed")) {
      mount(disk(DISK), spare(SPARE), false).closeUnclean();
    }
    byte[] before = spare.image();

    if (verdict.equals("accepted") || verdict.equals("copied")) {
      SetIdentity check = new SetIdentity(backing, false);
      MetadataStore store = open(backing, other, check);
      check.record(store);
      assertThat(check.isCopy()).isEqualTo(verdict.equals("copied"));
      assertThat(store.superblock().backing().deviceId()).isEqualTo(backing.identity());
      assertThat(store.superblock().spareId()).isEqualTo(other.identity());
    } else {
      assertThatThrownBy(() -> mount(backing, other, false))
          .isInstanceOf(WrongSetException.class)
          .hasMessageContaining(verdict)
          .hasMessageContaining("--accept-changed");
      assertThat(spare.image()).as("nothing was written").isEqualTo(before);
      close(mount(backing, other, true), backing);
      close(mount(backing, other, false), backing);
    }
  }

  @Test
  void shouldRefuseTheOriginalWithTheCopysSpareWhenNoSampleCanTell() throws Exception {
    // The copy went on: its spare holds a block that the original never moved.
    MetadataStore copy = mount(disk(OTHER), spare(ANOTHER), false);
    TestSet.map(copy, 201, 8);
    close(copy, disk(OTHER));

    assertThatThrownBy(() -> mount(disk(DISK), spare(ANOTHER), false))
        .isInstanceOf(WrongSetException.class)
        .hasMessageContaining("disk is not the one");
  }

  @Test
  void shouldRefuseACopyWhenItsContentsAreNotThoseOfTheCleanClose() {
    disk.corrupt(4096 * 3, 1);

    assertThatThrownBy(() -> mount(disk(OTHER), spare(ANOTHER), false))
        .isInstanceOf(WrongSetException.class)
        .hasMessageContaining("was changed since its last unmount");
  }

  @Test
  void shouldRefuseAFileThatWasWrittenWhereNoSampleIs() throws Exception {
    close(mount(disk(DISK), spare(SPARE), false), disk(DISK, 1000));

    assertThatThrownBy(() -> mount(disk(DISK, 1001), spare(SPARE), false))
        .isInstanceOf(WrongSetException.class)
        .hasMessageContaining("was changed since its last unmount");
    assertThatThrownBy(() -> mount(disk(DISK, 999), spare(SPARE), false))
        .as("an older snapshot was put back")
        .isInstanceOf(WrongSetException.class);
    mount(disk(OTHER, 1001), spare(ANOTHER), false).closeUnclean();
  }

  @Test
  void shouldTakeAnOldSetAndRecordWhatItLacked() throws Exception {
    use("", "");

    SetIdentity check = new SetIdentity(disk(DISK), false);
    MetadataStore store = open(disk(DISK), spare(SPARE), check);
    check.record(store);
    store.closeUnclean();

    assertThat(check.isCopy()).isFalse();
    Superblock recorded = MetadataStore.identify(spare);
    assertThat(recorded.backing().deviceId()).isEqualTo(DISK);
    assertThat(recorded.spareId()).isEqualTo(SPARE);
    assertThatThrownBy(() -> mount(disk(OTHER), spare(SPARE), false))
        .isInstanceOf(WrongSetException.class);
  }

  @Test
  void shouldNeverTakeAnotherDriveWhateverTheUserSays() throws Exception {
    use("wwn-1", SPARE);

    assertThatThrownBy(() -> mount(disk("wwn-2"), spare(SPARE), true))
        .isInstanceOf(WrongSetException.class)
        .hasMessageContaining("wwn-1");
  }

  @Test
  void shouldTellPartitionsOfADiskApartOnceTheyAreRecorded() throws Exception {
    use("wwn-1", SPARE);
    SetIdentity check = new SetIdentity(disk("wwn-1 from byte 1048576"), false);
    check.record(open(disk("wwn-1 from byte 1048576"), spare(SPARE), check));

    assertThatThrownBy(() -> mount(disk("wwn-1 from byte 9437184"), spare(SPARE), true))
        .isInstanceOf(WrongSetException.class);
    assertThatThrownBy(() -> mount(disk("wwn-1"), spare(SPARE), true))
        .isInstanceOf(WrongSetException.class);
  }

  @Test
  void shouldWriteNothingWhenItOnlyCompares() throws Exception {
    byte[] before = spare.image();
    SetIdentity check = new SetIdentity(disk(OTHER), false);

    MetadataStore.open(
        List.of(spare(ANOTHER)), BackingIdentity.of(disk(OTHER)), Access.READ_ONLY, check);

    assertThat(check.isCopy()).isTrue();
    assertThat(spare.image()).isEqualTo(before);
  }

  private static String id(String name) {
    return switch (name) {
      case "DISK" -> DISK;
      case "SPARE" -> SPARE;
      case "OTHER" -> OTHER;
      case "ANOTHER" -> ANOTHER;
      default -> "";
    };
  }

  /** As a mount does: check, open, record. */
  private static MetadataStore mount(BlockDevice backing, BlockDevice spare, boolean accept)
      throws Exception {
    SetIdentity check = new SetIdentity(backing, accept);
    MetadataStore store = open(backing, spare, check);
    store.markOpened();
    check.record(store);
    return store;
  }

  private static MetadataStore open(BlockDevice backing, BlockDevice spare, SetIdentity check)
      throws MetadataException {
    return MetadataStore.open(
        List.of(spare), BackingIdentity.of(backing), Access.READ_WRITE, check);
  }

  private static void close(MetadataStore store, BlockDevice backing) throws Exception {
    store.closeClean(Fingerprint.take(backing, store.table(), TestSet.BLOCK_SIZE));
  }

  private BlockDevice disk(String identity) {
    return disk(identity, 0);
  }

  private BlockDevice disk(String identity, long stamp) {
    return new Named(disk, "disk", identity, stamp);
  }

  private BlockDevice spare(String identity) {
    return new Named(spare, "spare", identity, 0);
  }

  /** A device of another name, identity and age. */
  private record Named(BlockDevice device, String name, String identity, long contentsStamp)
      implements BlockDevice {
    @Override
    public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws BlockDeviceException {
      device.read(byteOffset, buffer, at, lengthBytes);
    }

    @Override
    public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws BlockDeviceException {
      device.write(byteOffset, buffer, at, lengthBytes);
    }

    @Override
    public void flush() throws BlockDeviceException {
      device.flush();
    }

    @Override
    public void zero(long byteOffset, long lengthBytes, boolean deallocate)
        throws BlockDeviceException {
      device.zero(byteOffset, lengthBytes, deallocate);
    }

    @Override
    public long sizeBytes() {
      return device.sizeBytes();
    }

    @Override
    public int sectorSizeBytes() {
      return device.sectorSizeBytes();
    }

    @Override
    public void close() {
      device.close();
    }
  }
}
