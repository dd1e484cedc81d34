package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.table.Target;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of bad blocks into and out of a disk that is not mounted. */
final class ImportExportTest {
  private static final String HEAD = "# Mapfile.\n0x0 ? 1\n";
  private static final long BLOCKS = 256;

  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path disk;
  private Path spare;

  @BeforeEach
  void format() throws IOException {
    disk = sparse("disk.img", BLOCKS * 4096);
    spare = directory.resolve("disk.img.remap");
    assertThat(run("format", disk)).isZero();
    out.getBuffer().setLength(0);
  }

  private Path sparse(String name, long sizeBytes) throws IOException {
    Path path = directory.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    return path;
  }

  private Path list(String text) throws IOException {
    return Files.writeString(directory.resolve("list"), text);
  }

  private int run(Object... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] args = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
    return Remapfs.commandLine(args)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private void refuses(int exitCode, String mentioned, Object... arguments) throws IOException {
    byte[] before = Files.readAllBytes(spare);
    assertThat(run(arguments)).as(err.toString()).isEqualTo(exitCode);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).startsWith("remapfs: ").contains(mentioned);
    assertThat(out.toString()).isEmpty();
    assertThat(Arrays.equals(before, Files.readAllBytes(spare))).as("nothing changed").isTrue();
  }

  private void reports(long marked, long known, long remapped, long skipped, long outside) {
    assertThat(out.toString().replaceAll(" +", " "))
        .contains(
            "marked: %d\nknown: %d\nremapped: %d\nskipped: %d\noutside: %d\n"
                .formatted(marked, known, remapped, skipped, outside));
  }

  private Map<Long, Long> entries() throws RefusedException {
    MetadataStore store =
        OfflineSpare.open(
            List.of(spare), IoMode.DIRECT, Access.READ_ONLY, ExitCode.REFUSED, note -> {});
    try {
      Map<Long, Long> entries = new TreeMap<>();
      store.table().forEach(entries::put);
      assertThat(store.recovery().wasClean()).as("closed cleanly").isTrue();
      return entries;
    } finally {
      store.spare().close();
    }
  }

  @Test
  void shouldRecordWhatAMapfileCallsBad() throws Exception {
    Path list =
        list(
            HEAD
                + "0 0x1200 +\n0x1200 0x200 -\n0x1400 0xC00 *\n"
                + "0x5000 0x2000 -\n0x100000 0x200 -\n");
    assertThat(run("import", disk, list)).as(err.toString()).isZero();
    reports(3, 0, 0, 0, 1);
    assertThat(out.toString()).contains("format:", "mapfile", "behind the end of this disk");
    assertThat(entries()).containsOnlyKeys(1L, 5L, 6L);
    assertThat(entries().values()).containsOnly(Target.pending(Target.NO_SLOT));
  }

  @Test
  void shouldTakeWhatFailedAsWellWhenAsked() throws Exception {
    Path list = list(HEAD + "0 0x1000 *\n0x2000 0x1000 /\n0x4000 0x1000 ?\n");
    assertThat(run("import", "--failed", disk, list)).isZero();
    assertThat(entries()).containsOnlyKeys(0L, 2L);
  }

  @Test
  void shouldRecordNothingAgainWhenImportedTwice() throws Exception {
    Path list = list("4\n5\n9\n");
    assertThat(run("import", "--unit=4K", disk, list)).as(err.toString()).isZero();
    assertThat(run("import", "--unit=4K", disk, list)).isZero();
    reports(0, 3, 0, 0, 0);
  }

  @Test
  void shouldCountInTheUnitThatIsNamed() throws Exception {
    assertThat(run("import", "--unit=1K", disk, list("4\n5\n9\n"))).isZero();
    assertThat(entries()).containsOnlyKeys(1L, 2L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mapfile", "badblocks"})
  void shouldBeTheSameOnAFreshSetAfterExportAndImport(String format) throws Exception {
    run("import", "--unit=4K", disk, list("0\n4\n5\n6\n200\n255\n"));
    Map<Long, Long> before = entries();
    Path exported = directory.resolve("exported");
    assertThat(run("export", "--format=" + format, disk, exported)).as(err.toString()).isZero();
    assertThat(run("format", "--force", disk)).isZero();
    assertThat(entries()).isEmpty();
    assertThat(run("import", disk, exported)).as(err.toString()).isZero();
    assertThat(entries()).hasSize(6).isEqualTo(before);
  }

  @Test
  void shouldKeepTheBlocksWhenTheFreshSetHasOthers() throws Exception {
    run("import", "--unit=4K", disk, list("4\n"));
    Path exported = directory.resolve("exported");
    assertThat(run("export", "--format=badblocks", disk, exported)).isZero();
    assertThat(exported).hasContent("# remapfs bad blocks, unit: 4096\n4\n");
    assertThat(run("format", "--force", "--block-size=512", disk)).isZero();
    assertThat(run("import", disk, exported)).isZero();
    assertThat(entries()).hasSize(8).containsKeys(32L, 39L);
  }

  @Test
  void shouldSayWhatTheSpareCouldNotRecord() throws Exception {
    spare = sparse("small", 2 << 20);
    run("format", "--spare", spare, "--block-size=512", disk);
    Path all = list(HEAD + "0 0x100000 -\n");
    assertThat(run("import", "--spare", spare, disk, all)).as(err.toString()).isEqualTo(4);
    int slots = entries().size();
    assertThat(slots).isBetween(8, 2000);
    reports(slots, 0, 0, 2048 - slots, 0);
    assertThat(out.toString()).contains("no more blocks as lost than it has slots");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "0 0x1000;list, line 3: it has not three words",
        "0 0x1000 q;line 3: 'q' is no status",
        "zero 0x1000 -;line 3: 'zero' is not a position"
      })
  void shouldNameTheLineThatIsWrongAndChangeNothing(String line, String mentioned)
      throws IOException {
    refuses(2, mentioned, "import", disk, list(HEAD + line + "\n0 0x1000 -\n"));
  }

  @Test
  void shouldChangeNothingWhenTheLastLineIsWrong() throws IOException {
    refuses(2, "line 4", "import", disk, list(HEAD + "0 0x1000 -\n0x1000\n"));
  }

  @Test
  void shouldAskForTheUnitWhenTheListDoesNotTellIt() throws IOException {
    refuses(2, "--unit", "import", disk, list("4\n"));
  }

  @Test
  void shouldRefuseWhatDoesNotGoTogether() throws IOException {
    Path list = list(HEAD);
    refuses(2, "there is no file", "import", disk, directory.resolve("gone"));
    refuses(2, "no regular file", "import", disk, directory);
    refuses(2, "--unit is for lists", "import", "--unit=1K", disk, list);
    refuses(2, "--unit takes 1 to", "import", "--unit=0", disk, list);
    refuses(2, "leave it out", "import", "--spare", spare, directory, list);
    refuses(3, "not a mount of remapfs", "import", directory, list);
    refuses(2, "--failed is for mapfiles", "import", "--failed", disk, list("4\n"));
    refuses(2, "mapfile or badblocks", "export", "--format=auto", disk);
  }

  @Test
  void shouldPointToFormatWhenThereIsNoSpare() throws IOException {
    Path other = sparse("other.img", 1 << 20);
    refuses(2, "remapfs format", "import", other, list(HEAD));
    assertThat(directory.resolve("other.img.remap")).doesNotExist();
  }

  @Test
  void shouldRefuseTheSpareOfAnotherDisk() throws IOException {
    Path other = sparse("other.img", 2 << 20);
    refuses(3, "", "import", "--spare", spare, other, list(HEAD + "0 0x1000 -\n"));
  }

  @Test
  void shouldNotWriteOverAFileThatExists() throws IOException {
    Path image = sparse("precious.img", 4096);
    refuses(2, "exists", "export", disk, image);
    assertThat(image).hasSize(4096);
  }
}
