package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataRecord;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Host;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareNote;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code add-spare} and {@code migrate} of a disk that is not mounted. */
class SparesTest {
  private static final int BLOCK = 4096;

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path disk;
  private Path first;
  private Path second;

  @BeforeEach
  void makeDiskWithASpare() throws Exception {
    disk = file("disk.img", 4 << 20);
    first = directory.resolve("disk.img.remap");
    second = directory.resolve("second");
    assertThat(run("format", "--spare-size=2M", disk)).as(err.toString()).isZero();
    move(first, 7, 8, 9);
    out.getBuffer().setLength(0);
  }

  private Path file(String name, long sizeBytes) throws IOException {
    Path path = directory.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    return path;
  }

  private int run(Object... arguments) {
    String[] args = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
    return Remapfs.commandLine(args)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private void succeeds(Object... arguments) {
    assertThat(run(arguments)).as(err.toString()).isZero();
  }

  private void refuses(int exitCode, String mentioned, Object... arguments) throws IOException {
    Map<Path, Long> before = files();
    err.getBuffer().setLength(0);
    assertThat(run(arguments)).as(err.toString()).isEqualTo(exitCode);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).startsWith("remapfs: ").contains(mentioned);
    assertThat(files()).isEqualTo(before);
  }

  private Map<Path, Long> files() throws IOException {
    Map<Path, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        files.put(each, Files.size(each));
      }
    }
    return files;
  }

  /** Moves blocks, each filled with its number, to the newest spare of the set. */
  private static void move(Path anySpare, int... blocks) throws Exception {
    MetadataStore store = open(anySpare, Access.READ_WRITE);
    for (int block : blocks) {
      IoBuffer data = IoBuffer.allocate(BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        data.bytes().put(i, (byte) block);
      }
      long slot = store.pool().allocate();
      store.pool().write(slot, block, store.nextSequence(), data, 0);
      store.commit(List.of(new MetadataRecord.Mapped(block, slot, MetadataRecord.Cause.WRITTEN)));
    }
    OfflineSpare.close(store);
  }

  private static MetadataStore open(Path anySpare, Access access) throws RefusedException {
    return OfflineSpare.open(
        List.of(anySpare), IoMode.BUFFERED, access, ExitCode.REFUSED, note -> {});
  }

  /** That exactly these blocks are moved, hold their numbers, and lie in these spares. */
  private static void assertMoved(Path anySpare, List<Path> spares, int... blocks)
      throws Exception {
    MetadataStore store = open(anySpare, Access.READ_ONLY);
    try {
      assertThat(store.pool().members().live())
          .extracting(each -> Path.of(each.device().name()))
          .containsExactlyElementsOf(spares);
      assertThat(store.table().remappedCount()).isEqualTo(blocks.length);
      for (int block : blocks) {
        IoBuffer data = IoBuffer.allocate(BLOCK);
        long slot = io.remapfs.engine.table.Target.slot(store.table().targetOf(block));
        var member = store.pool().members().of(slot);
        member.device().read(member.slotByteOffset(slot), data, 0, BLOCK);
        assertThat(data.bytes().get(BLOCK - 1)).isEqualTo((byte) block);
      }
    } finally {
      OfflineSpare.close(store);
    }
  }

  @Test
  void shouldMoveEveryBlockToTheNewSpareAndFollowItFromTheDefaultName() throws Exception {
    succeeds("migrate", disk, second);
    assertThat(out.toString())
        .contains("3 blocks were moved to " + second, "--spare " + second, "keep the old file");
    assertThat(Files.getPosixFilePermissions(second)).hasSize(2);
    assertMoved(second, List.of(second), 7, 8, 9);

    err.getBuffer().setLength(0);
    succeeds("check", disk);
    assertThat(err.toString())
        .isEqualTo(
            "remapfs: the spare " + first + " was replaced by " + second + ", which is used\n");
  }

  @Test
  void shouldDoWithoutTheOldSpareWhenTheNewOneIsNamed() throws Exception {
    succeeds("migrate", disk, second);
    Files.delete(first);
    succeeds("check", "--spare", second, disk);
    assertThat(out.toString()).containsPattern("remapped: +3\n");
  }

  @Test
  void shouldNameTheNewSpareWhenItIsGoneAndOnlyTheOldOneIsLeft() throws Exception {
    succeeds("migrate", disk, second);
    Files.move(second, Files.createDirectory(directory.resolve("away")).resolve("other"));
    refuses(3, second + " and is needed as well", "check", disk);
    refuses(3, second + " does not exist", "migrate", disk, directory.resolve("third"));
  }

  @Test
  void shouldKeepBothSparesWhenOneIsAdded() throws Exception {
    succeeds("add-spare", disk, second);
    assertThat(out.toString()).contains(second + " was added, with ", "keep it and the others");
    move(first, 20);
    assertMoved(first, List.of(first, second), 7, 8, 9, 20);
    assertMoved(second, List.of(first, second), 7, 8, 9, 20);
  }

  @Test
  void shouldBringAllBlocksTogetherWhenNoNewSpareIsNamed() throws Exception {
    succeeds("add-spare", disk, second);
    move(first, 20);
    succeeds("migrate", "--json", disk);
    assertThat(out.toString()).contains("\"migration\" : \"done\"", "\"released\" : [");
    assertMoved(first, List.of(second), 7, 8, 9, 20);
  }

  @Test
  void shouldFindASpareBesideTheOtherWhenBothWereMoved() throws Exception {
    succeeds("add-spare", disk, second);
    Path away = Files.createDirectory(directory.resolve("away"));
    Files.move(first, away.resolve("disk.img.remap"));
    Files.move(second, away.resolve("second"));
    Path there = away.resolve("disk.img.remap");
    assertMoved(there, List.of(there, away.resolve("second")), 7, 8, 9);
  }

  @Test
  void shouldTakeASpareFromAnotherNameOnlyWhenItIsNamed() throws Exception {
    succeeds("add-spare", disk, second);
    Path renamed = Files.move(second, directory.resolve("renamed"));
    refuses(3, "which was at " + second, "inspect", disk);
    succeeds("inspect", "--spare", first, "--spare", renamed, disk);
    succeeds("inspect", "--spare", renamed, disk);
  }

  @Test
  void shouldPassOverTheSpareOfAnotherDiskWhenTheRightOneIsNamed() throws Exception {
    succeeds("add-spare", disk, second);
    Path renamed = Files.move(second, directory.resolve("renamed"));
    succeeds("format", "--spare", second, file("other.img", 4 << 20));
    refuses(3, second + " is another file now", "inspect", disk);
    succeeds("inspect", "--spare", first, "--spare", renamed, disk);
  }

  @Test
  void shouldNotTakeAnotherFileForTheMissingSpare() throws Exception {
    succeeds("add-spare", disk, second);
    Files.delete(second);
    file("second", 1 << 20);
    refuses(3, second + " is another file now", "inspect", disk);
  }

  @Test
  void shouldMakeNoBlankSpareWhenTheOldDefaultOneWasDeleted() throws Exception {
    assumeTrue(Host.isRoot() && Host.fuseDeviceProblem() == null && Host.hasLibFuse());
    assumeTrue(Files.getFileStore(disk).supportsFileAttributeView("user"));
    succeeds("migrate", disk, second);
    Files.delete(first);
    Path mountPoint = Files.createDirectory(directory.resolve("mount"));
    // Read-only, so that a blank spare is refused too: a mount would not come to an end here.
    refuses(3, "add --spare " + second, "mount", "--read-only", disk, mountPoint);
    succeeds("format", disk);
    assertThat(SpareNote.read(disk)).isEmpty();
  }

  @Test
  void shouldRemoveTheNewFileWhenTheSetDoesNotTakeIt() throws Exception {
    Path deep = Files.createDirectories(directory.resolve("d".repeat(200) + "/" + "e".repeat(200)));
    refuses(2, "has at most 256 bytes", "add-spare", disk, deep.resolve("second"));
  }

  @Test
  void shouldRefuseANameThatCommandsTheTerminal() throws Exception {
    refuses(2, "control characters", "add-spare", disk, directory.resolve("a\u001bb"));
  }

  @Test
  void shouldSayThatASpareIsNotNeededWhenItIsNamedInVain() throws Exception {
    succeeds("inspect", "--spare", first, "--spare", file("stranger", 1 << 20), disk);
    assertThat(err.toString()).contains("stranger is not needed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"add-spare", "migrate"})
  void shouldChangeNothingWhenTheNewSpareIsNoGood(String command) throws Exception {
    refuses(2, "same file", command, disk, disk);
    refuses(3, "is a spare of this disk already", command, disk, first);
    refuses(
        2, "is too small: it has 65536 bytes, and to hold ", command, "--size=64K", disk, second);
    refuses(2, "is too small", command, disk, file("small", 64 << 10));
    refuses(2, "larger than the whole file system", command, "--size=8000T", disk, second);
    refuses(2, "--size takes", command, "--size=0", disk, second);
    refuses(2, "a size is for a new file", command, "--size=1M", disk, file("blank", 1 << 20));
    refuses(2, "create it first", command, disk, directory.resolve("nowhere/spare"));
    refuses(2, "is a directory", command, disk, Files.createDirectories(directory.resolve("d")));
    refuses(2, "there is no spare", command, file("bare.img", 1 << 20), second);
    refuses(2, "does not exist", command, directory.resolve("nowhere"), second);
    refuses(3, "not a mount of remapfs", command, directory.resolve("d"), second);
    refuses(2, "leave it out", command, "--spare", first, directory.resolve("d"), second);
    Path foreign = file("foreign", 4 << 20);
    Files.writeString(foreign, "precious", StandardOpenOption.WRITE);
    refuses(3, "add --force", command, disk, foreign);
    assertThat(foreign).content().startsWith("precious");
  }

  @Test
  void shouldRefuseTheSpareOfAnotherDiskUnlessForced() throws Exception {
    Path other = file("other.img", 4 << 20);
    succeeds("format", "--spare", second, other);
    refuses(3, "add --force", "migrate", disk, second);
    succeeds("migrate", "--force", disk, second);
    assertMoved(second, List.of(second), 7, 8, 9);
  }

  @Test
  void shouldSayHowMuchIsNeededWhenTheBlocksDoNotFit() throws Exception {
    int[] blocks = new int[100];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = 100 + i;
    }
    move(first, blocks);
    refuses(2, "to hold 103 blocks it needs ", "migrate", "--size=1000K", disk, second);
    String needed = err.toString().replaceAll("(?s).*it needs ([0-9]+);.*", "$1");
    succeeds("migrate", "--size=" + needed, disk, second);
  }

  @Test
  void shouldRefuseToMigrateWhenThereIsNowhereToMoveTo() throws Exception {
    refuses(2, "has one spare only", "migrate", disk);
    refuses(2, "for a new spare", "migrate", "--force", disk);
    refuses(2, "--status takes a mount point only", "migrate", "--status", disk, second);
  }

  @Test
  void shouldKeepAPlaceForMigratingWhenTheSetIsFull() throws Exception {
    for (int i = 2; i <= 7; i++) {
      succeeds("add-spare", "--size=4M", disk, directory.resolve("spare" + i));
    }
    Path eighth = directory.resolve("spare8");
    refuses(3, "no more can be added", "add-spare", disk, eighth);
    succeeds("migrate", disk, eighth);
    assertMoved(first, List.of(eighth), 7, 8, 9);
  }
}
