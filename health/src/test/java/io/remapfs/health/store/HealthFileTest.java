package io.remapfs.health.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.health.store.HealthFile.Cell;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthFileTest {
  private static final UUID SET = new UUID(1, 2);
  private static final HealthGeometry DISK = HealthGeometry.of(SET, 64L << 30, 4096);

  @TempDir private Path folder;
  private Path path = Path.of("");
  private final List<String> notes = new ArrayList<>();

  @BeforeEach
  void namePath() {
    path = folder.resolve("disk.img.health");
  }

  private HealthFile open() {
    return HealthFileOpening.open(path, DISK, Access.READ_WRITE, notes::add);
  }

  private static byte[] payload(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  private static int value(byte[] payload) {
    return ByteBuffer.wrap(payload).getInt();
  }

  @Test
  void shouldMakePrivateSparseFileWhenThereIsNone() throws IOException {
    open().close();
    assertThat(notes).isEmpty();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    assertThat(Files.size(path)).isEqualTo(HealthFile.sizeBytes(DISK));
    assertThat(folder.toFile().list()).containsExactly("disk.img.health");
  }

  @Test
  void shouldGiveBackAllPartsWhenOpenedAgain() throws Exception {
    long[] words = {1, -2, 3, -4, 5, -6, 7};
    try (HealthFile file = open()) {
      assertThat(file.isLasting()).isTrue();
      file.cell(Cell.SCAN).save(payload(1));
      file.cell(Cell.SCAN).save(payload(2));
      file.cell(Cell.FORECAST).save(new byte[HealthFileFormat.MAX_STATE_BYTES]);
      file.events().append(payload(3));
      file.samples().append(payload(4));
      file.records().writeRecord(4095, words, 0);
    }
    try (HealthFile file = open()) {
      assertThat(value(file.cell(Cell.SCAN).load())).isEqualTo(2);
      assertThat(file.cell(Cell.FORECAST).load()).hasSize(HealthFileFormat.MAX_STATE_BYTES);
      assertThat(file.cell(Cell.THIRD).load()).isEmpty();
      assertThat(file.events().readAll()).hasSize(1);
      assertThat(value(file.events().readAll().get(0))).isEqualTo(3);
      assertThat(value(file.samples().readAll().get(0))).isEqualTo(4);
      RegionRecords.Page page = file.records().readPage(63);
      assertThat(page.live()).isEqualTo(1L << 63);
      assertThat(page.words()).endsWith(words);
    }
    assertThat(notes).isEmpty();
  }

  @Test
  void shouldSkipPagesThatWereNeverWrittenWhenLookingForRecords() throws Exception {
    try (HealthFile file = open()) {
      assertThat(file.records().nextUsedPage(0)).isEqualTo(file.records().pageCount());
      file.records().writeRecord(64 * 17, new long[7], 0);
      assertThat(file.records().nextUsedPage(0)).isLessThanOrEqualTo(17).isGreaterThan(0);
      assertThat(file.records().nextUsedPage(18)).isEqualTo(file.records().pageCount());
    }
  }

  @Test
  void shouldKeepNewestInOrderWhenRingIsFull() {
    int count = HealthFileFormat.SAMPLES + 10;
    try (HealthFile file = open()) {
      for (int i = 0; i < count; i++) {
        assertThat(file.samples().append(payload(i))).isTrue();
      }
    }
    try (HealthFile file = open()) {
      List<Integer> values = file.samples().readAll().stream().map(HealthFileTest::value).toList();
      assertThat(values).hasSize(HealthFileFormat.SAMPLES).startsWith(10).endsWith(count - 1);
      assertThat(values).isSorted();
    }
  }

  @Test
  void shouldServeFromMemoryAndNameFileWhenItIsAnotherSets() {
    open().close();
    HealthGeometry other = HealthGeometry.of(new UUID(7, 7), 64L << 30, 4096);
    try (HealthFile file = HealthFileOpening.open(path, other, Access.READ_WRITE, notes::add)) {
      assertThat(file.isLasting()).isFalse();
      assertThat(file.cell(Cell.SCAN).save(payload(9))).isTrue();
      assertThat(value(file.cell(Cell.SCAN).load())).isEqualTo(9);
    }
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).contains(path.toString(), SET.toString(), "in memory only");
    try (HealthFile file = open()) {
      assertThat(file.cell(Cell.SCAN).load()).isEmpty();
    }
  }

  @Test
  void shouldLeaveFileAloneWhenItIsNoHealthFile() throws IOException {
    Files.writeString(path, "dear diary".repeat(200_000));
    open().close();
    assertThat(notes).singleElement().asString().contains("is not a health file", "remove");
    assertThat(path).content().startsWith("dear diary");
  }

  @Test
  void shouldSetFileAsideWhenBothHeadersAreDamaged() throws IOException {
    open().close();
    flip(HealthFileFormat.HEADER_A_AT + 40);
    flip(HealthFileFormat.HEADER_B_AT + 40);
    try (HealthFile file = open()) {
      assertThat(file.isLasting()).isTrue();
    }
    assertThat(folder.resolve("disk.img.health.damaged")).exists();
    assertThat(notes).singleElement().asString().contains("is damaged", "set aside");
  }

  @Test
  void shouldRepairHeaderWhenOneCopyIsDamaged() throws IOException {
    open().close();
    byte[] before = Files.readAllBytes(path);
    flip(HealthFileFormat.HEADER_A_AT + 40);
    open().close();
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    flip(HealthFileFormat.HEADER_B_AT + 3);
    open().close();
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    assertThat(notes).isEmpty();
  }

  @Test
  void shouldRefuseToFollowLinkWhenFileIsOne() throws IOException {
    Path elsewhere = folder.resolve("elsewhere");
    Files.createFile(elsewhere);
    Files.createSymbolicLink(path, elsewhere);
    open().close();
    assertThat(notes).singleElement().asString().contains("cannot be opened", "in memory only");
    assertThat(Files.size(elsewhere)).isZero();
  }

  @Test
  void shouldServeFromMemoryWhenFileIsLockedByAnother() {
    HealthFile first = open();
    try (HealthFile second = open()) {
      assertThat(second.isLasting()).isFalse();
    }
    first.close();
    assertThat(notes).singleElement().asString().contains("already in use", path.toString());
  }

  @Test
  void shouldServeFromMemoryWhenFolderCannotHoldFile() {
    Path nowhere = Path.of("/proc/disk.img.health");
    try (HealthFile file = HealthFileOpening.open(nowhere, DISK, Access.READ_WRITE, notes::add)) {
      assertThat(file.isLasting()).isFalse();
    }
    assertThat(notes).singleElement().asString().contains("cannot be made", "--health");
  }

  @Test
  void shouldWriteNothingWhenReadOnly() throws Exception {
    try (HealthFile file = open()) {
      file.cell(Cell.SCAN).save(payload(1));
      file.events().append(payload(1));
    }
    byte[] before = Files.readAllBytes(path);
    try (HealthFile file = HealthFileOpening.open(path, DISK, Access.READ_ONLY, notes::add)) {
      assertThat(file.isLasting()).isFalse();
      assertThat(value(file.cell(Cell.SCAN).load())).isEqualTo(1);
      assertThat(file.cell(Cell.SCAN).save(payload(2))).isTrue();
      file.events().append(payload(2));
      file.records().writeRecord(0, new long[] {1, 1, 1, 1, 1, 1, 1}, 0);
      file.sync();
      assertThat(value(file.cell(Cell.SCAN).load())).isEqualTo(2);
      assertThat(file.events().readAll()).hasSize(2);
      assertThat(file.records().readPage(0).live()).isEqualTo(1);
      assertThat(file.records().nextUsedPage(0)).isZero();
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
    assertThat(notes).isEmpty();
  }

  @Test
  void shouldMakeNothingWhenReadOnlyAndThereIsNone() {
    HealthFileOpening.open(path, DISK, Access.READ_ONLY, notes::add).close();
    assertThat(folder.toFile().list()).isEmpty();
    assertThat(notes).isEmpty();
  }

  @Test
  void shouldRefuseStateWhenItIsTooLong() {
    try (HealthFile file = open()) {
      assertThatThrownBy(() -> file.cell(Cell.SCAN).save(new byte[4097]))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> file.events().append(new byte[241]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void shouldTellWhatWasDroppedWhenPartsAreDamaged() throws IOException {
    try (HealthFile file = open()) {
      file.cell(Cell.SCAN).save(payload(1));
      file.cell(Cell.SCAN).save(payload(2));
      file.events().append(payload(1));
      file.events().append(payload(2));
    }
    flip(HealthFileFormat.CELLS_AT + HealthFileFormat.CELL_SLOT_BYTES + 17);
    flip(HealthFileFormat.EVENTS_AT + 256 + 17);
    try (HealthFile file = open()) {
      assertThat(value(file.cell(Cell.SCAN).load())).isEqualTo(1);
      assertThat(file.events().readAll().stream().map(HealthFileTest::value)).containsExactly(2);
    }
    assertThat(notes).hasSize(2);
    assertThat(notes.get(0)).contains("saved states", "dropped: 1");
    assertThat(notes.get(1)).contains("events", "dropped: 1");
  }

  @Test
  void shouldDoubleRegionsWhenDiskHasMoreThanTheMost() {
    long most = 1L << (20 + 12 + 12);
    assertThat(HealthGeometry.of(SET, most, 4096).regionShift()).isEqualTo(12);
    HealthGeometry larger = HealthGeometry.of(SET, most + 1, 4096);
    assertThat(larger.regionShift()).isEqualTo(13);
    assertThat(larger.regionCount()).isEqualTo((1 << 19) + 1);
    assertThat(larger.blocksIn(1 << 19)).isEqualTo(1);
    assertThat(larger.regionOf(larger.blockCount() - 1)).isEqualTo(1 << 19);
  }

  private void flip(long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 0x10));
      channel.write(one.rewind(), at);
    }
  }
}
