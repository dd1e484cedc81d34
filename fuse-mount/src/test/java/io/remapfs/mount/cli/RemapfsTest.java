package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.MetadataRecord;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.mount.preflight.Host;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exit codes and sentences of whatever needs no mount. */
class RemapfsTest {
  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path disk;
  private Path mountPoint;

  @BeforeEach
  void makeDisk() throws IOException {
    disk = file("disk.img", 1 << 20);
    mountPoint = Files.createDirectory(directory.resolve("mount"));
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

  private void refuses(int exitCode, String mentioned, Object... arguments) throws IOException {
    List<Path> before = files();
    assertThat(run(arguments)).as(err.toString()).isEqualTo(exitCode);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).startsWith("remapfs: ").contains(mentioned);
    assertThat(out.toString()).isEmpty();
    assertThat(files()).isEqualTo(before);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.sorted().toList();
    }
  }

  @Test
  void shouldRefuseAnEmptyPathWhenItWouldMeanTheCurrentDirectory() throws IOException {
    refuses(2, "the path is empty", "mount", disk, "");
  }

  @Test
  void shouldRefuseAnEmptyPathWhenItIsAnOptions() throws IOException {
    refuses(2, "the path is empty", "mount", "--spare", "", disk, mountPoint);
  }

  @Test
  void shouldMakeNoSpareWhenTheBackingIsASpareItself() throws IOException {
    run("format", disk);
    out.getBuffer().setLength(0);

    refuses(3, "itself the spare", "mount", disk + ".remap", mountPoint);
  }

  @Test
  void shouldMakeNoSpareWhenAnotherNameOfTheBackingMayHaveOne() throws IOException {
    Files.createLink(directory.resolve("hard.img"), disk);

    refuses(3, "hard links", "mount", disk, mountPoint);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 'no kind of event', --kind, pendng",
    "2, '--since takes a date', --since, yesterday",
    "2, '--since takes a date', --since, ''",
    "2, 'Unknown option', --colour, always",
    "3, 'is not a mount of remapfs', --kind, 'pending,scan-finished'",
  })
  void shouldRefuseToShowEventsItIsNotAskedForRightly(
      int exitCode, String sentence, String option, String value) throws IOException {
    refuses(exitCode, sentence, "events", mountPoint, option, value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing.sh", "disk.img", "mount", "mount/hook.sh", "mail -s x root"})
  void shouldRefuseAProgramForEventsThatCannotBeRun(String program) throws IOException {
    refuses(2, "--on-event", "mount", "--on-event", directory.resolve(program), disk, mountPoint);
  }

  @Test
  void shouldRefuseAnEmptyNameOfAProgramForEvents() throws IOException {
    refuses(2, "the path is empty", "mount", "--on-event", "", disk, mountPoint);
  }

  @ParameterizedTest
  @CsvSource({
    "--scan-interval, 7, '--scan-interval must be off, or 1m to 366d'",
    "--scan-interval, 0m, '--scan-interval must be'",
    "--scan-interval, 367d, '--scan-interval must be'",
    "--scan-interval, -1d, '--scan-interval must be'",
    "--scan-interval, 999999999w, '--scan-interval must be'",
    "--scan-interval, OFF, '--scan-interval must be'",
    "--scan-rate, 0, '--scan-rate must be 64K to 1T'",
    "--scan-rate, 2T, '--scan-rate must be 64K to 1T'",
    "--scan-rate, fast, 'is not a size'",
    "--scan-cpu, 0, '--scan-cpu must be 1 to 100 percent'",
    "--scan-cpu, 101, '--scan-cpu must be 1 to 100 percent'",
    "--scan-cpu, much, 'is not a whole number'",
  })
  void shouldRefuseAScheduleThatMakesNoSense(String option, String value, String sentence)
      throws IOException {
    refuses(2, sentence, "mount", option, value, disk, mountPoint);
  }

  @ParameterizedTest
  @CsvSource({
    "2, '[start, pause, resume, stop, status]', begin",
    "2, '[full, errors, neighbours, risk]', start --mode=all",
    "2, '--rate must be 64K to 1T', start --rate=1",
    "2, '--cpu must be 1 to 100', start --cpu=0",
    "2, 'are for scan start', stop --cpu=5",
    "3, 'is not a mount of remapfs', status",
  })
  void shouldRefuseToScanWhatItIsNotAskedForRightly(int exitCode, String sentence, String words)
      throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("scan"));
    arguments.addAll(List.of(words.split(" ", -1)));
    arguments.add(mountPoint);
    refuses(exitCode, sentence, arguments.toArray());
  }

  @Test
  void shouldRefuseToMoveBlocksAheadWhenNothingMayBeWritten() throws IOException {
    refuses(2, "leave one of them out", "mount", "--preempt", "--read-only", disk, mountPoint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "format",
        "mount",
        "umount",
        "status",
        "map",
        "events",
        "remap",
        "verify",
        "unmap",
        "blame",
        "add-spare",
        "migrate",
        "scan",
        "import",
        "export",
        "check",
        "inspect",
        "doctor",
        "demo"
      })
  void shouldDocumentExitCodesWhenHelpIsAsked(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: remapfs " + command, "Exit codes:", "unusable");
  }

  @Test
  void shouldListEveryCommandWhenHelpIsAsked() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).contains("format", "mount", "umount", "status", "doctor", "demo");
  }

  @Test
  void shouldSayItsVersion() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).startsWith("remapfs ").doesNotContain("${", "unknown");
  }

  @ParameterizedTest
  @CsvSource({
    "--no-such-option, --no-such-option",
    "--io=sideways, --io",
    "--session=pigeon, --session",
    "--workers=0, --workers",
    "--workers=many, --workers",
    "--retries=-1, --retries",
    "--retry-budget=-5, --retry-budget",
    "--unreadable=maybe, --unreadable",
  })
  void shouldNameTheOptionWhenItIsUnknownOrWrong(String option, String mentioned)
      throws IOException {
    refuses(2, mentioned, "mount", option, disk, mountPoint);
  }

  @Test
  void shouldNameTheCommandWhenItIsUnknown() throws IOException {
    refuses(2, "there is no command 'frobnicate'", "frobnicate");
  }

  @Test
  void shouldNameTheArgumentWhenThereIsOneTooMany() throws IOException {
    refuses(2, "an argument too many: 'third'", "mount", disk, mountPoint, "third");
  }

  @Test
  void shouldAskForAWholeNumberWhenABlockIsNone() throws IOException {
    refuses(2, "Invalid value for BLOCK: 'x' is not a whole number", "remap", mountPoint, "x");
  }

  @Test
  void shouldTakeTheMountPointWhenItFollowsWatch() throws IOException {
    refuses(3, "not a mount of remapfs", "status", "--watch", mountPoint);
    assertThat(run("status", "--watch", "--json", mountPoint)).isEqualTo(3);
    assertThat(run("status", mountPoint, "--watch")).isEqualTo(3);
    assertThat(run("status", "--watch=5", mountPoint)).isEqualTo(3);
    assertThat(run("status", "--watch=often", mountPoint)).isEqualTo(2);
    assertThat(run("status", "--watch=-1", mountPoint)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"umount", "status", "verify"})
  void shouldNotAdviseToMakeADirectoryWhenAMountIsAskedFor(String command) throws IOException {
    refuses(2, "name the directory that an image was", command, directory.resolve("nowhere"));
    assertThat(err.toString()).doesNotContain("mkdir");
  }

  @Test
  void shouldAskForACommandWhenThereIsNone() throws IOException {
    refuses(2, "Missing command");
  }

  @Test
  void shouldPointToTheLauncherWhenTheDemoIsRunWithoutIt() throws IOException {
    refuses(3, "sudo ./remapfs demo", "demo");
  }

  @ParameterizedTest
  @ValueSource(strings = {"umount", "status", "verify"})
  void shouldRefuseWhenItIsNoMountOfOurs(String command) throws IOException {
    refuses(3, "not a mount of remapfs", command, mountPoint);
  }

  @Test
  void shouldFormatASpareBesideARegularFile() throws IOException {
    assertThat(run("format", disk)).as(err.toString()).isZero();
    Path spare = directory.resolve("disk.img.remap");
    assertThat(spare).hasSize(16 << 20);
    assertThat(Files.getPosixFilePermissions(spare)).hasSize(2);
    assertThat(out.toString()).contains("slots of 4096 bytes");
    assertThat(files()).hasSize(4);
  }

  @Test
  void shouldShowAndCheckWhatWasFormatted() {
    run("format", "--block-size=512", "--spare-size=4M", disk);
    assertThat(run("inspect", disk)).as(err.toString()).isZero();
    assertThat(out.toString()).containsPattern("block size: +512\n").contains("zone 2:");
    assertThat(out.toString().replaceAll("T[0-9]|[A-Z]{3}", ""))
        .doesNotContainPattern("[a-z][A-Z]\\w*:");
    assertThat(run("check", "--json", directory.resolve("disk.img.remap"))).isZero();
    assertThat(out.toString()).contains("\"damagedBlocks\" : 0");
  }

  @Test
  void shouldRefuseToFormatAgainUnlessForced() throws IOException {
    run("format", disk);
    out.getBuffer().setLength(0);
    refuses(3, "--force", "format", disk);
    assertThat(run("format", "--force", disk)).isZero();
  }

  @Test
  void shouldFormatABlankSpareThatExists() throws IOException {
    assertThat(run("format", "--spare", file("spare", 4 << 20), disk)).as(err.toString()).isZero();
  }

  @Test
  void shouldSayTheNeededSizeWhenTheSpareIsTooSmall() throws IOException {
    refuses(2, "too small", "format", "--spare", file("small", 64 << 10), disk);
    err.getBuffer().setLength(0);
    refuses(2, "too small", "format", "--spare-size=64K", disk);
    err.getBuffer().setLength(0);
    refuses(2, "it has 1024 bytes and needs", "format", "--spare-size=1K", disk);
  }

  @Test
  void shouldSayWhatThereIsWhenTheSpareIsLargerThanItsFileSystem() throws IOException {
    refuses(2, "larger than the whole file system", "format", "--spare-size=8000T", disk);
    assertThat(err.toString()).contains("7.8 PiB").doesNotContain("Exception");
  }

  @Test
  void shouldRefuseWhenTheSpareIsTheBacking() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), disk);
    refuses(2, "same file", "format", "--spare", link, disk);
  }

  @ParameterizedTest
  @CsvSource({"1000, --block-size 1000", "128K, --block-size 131072", "x, is not a size"})
  void shouldRefuseABlockSizeThatIsNone(String size, String mentioned) throws IOException {
    refuses(2, mentioned, "format", "--block-size=" + size, disk);
  }

  @Test
  void shouldSayWhatFitsWhenTheBackingIsOddSized() throws IOException {
    refuses(2, "use --block-size=512", "format", file("odd", (1 << 20) + 512));
  }

  @Test
  void shouldChangeNothingWhenTheMountPointIsNoGood() throws IOException {
    assumeTrue(Host.isRoot() && Files.exists(Host.FUSE_DEVICE) && Host.hasLibFuse());
    refuses(2, "does not exist", "mount", disk, directory.resolve("nowhere"));
    err.getBuffer().setLength(0);
    refuses(2, "not a directory", "mount", disk, disk);
    err.getBuffer().setLength(0);
    refuses(2, "not empty", "mount", disk, directory);
  }

  @Test
  void shouldJudgeTheSystemWhenTheDoctorIsAsked() {
    assertThat(run("doctor", "--json")).isIn(0, 3);
    assertThat(out.toString()).contains("/dev/fuse", "libfuse 2", "CAP_SYS_RESOURCE", "io_uring");
  }

  @Test
  void shouldNotTellRootToRunAsRootWhenTheDoctorIsAsked() {
    assumeTrue(Host.isRoot());
    run("doctor");
    assertThat(out.toString()).doesNotContain("run as root");
  }

  /** A disk with one moved block, whose spare then loses every copy of its metadata. */
  private Path spareWithoutMetadata() throws IOException {
    run("format", disk);
    Path spare = directory.resolve("disk.img.remap");
    SpareLayout layout;
    try (PosixBlockDevice device =
        PosixBlockDevice.open(spare.toString(), IoMode.DIRECT, Access.READ_WRITE)) {
      MetadataStore store = MetadataStore.open(device, null, Access.READ_WRITE);
      layout = store.pool().layout();
      long slot = store.pool().allocate();
      IoBuffer newer = IoBuffer.allocate(4096);
      newer.bytes().putLong(0, 1);
      store.pool().write(slot, 77, store.nextSequence(), newer, 0);
      store.commit(List.of(new MetadataRecord.Mapped(77, slot, MetadataRecord.Cause.SALVAGED)));
      store.closeUnclean();
    }
    try (RandomAccessFile file = new RandomAccessFile(spare.toFile(), "rw")) {
      for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
        file.seek(layout.superblockOffset(zone));
        file.write(new byte[4096]);
        file.seek(layout.checkpointOffset(zone, 0, 0));
        file.write(new byte[(2 * layout.checkpointBlocks() + layout.ringBlocks()) * 4096]);
      }
    }
    out.getBuffer().setLength(0);
    return spare;
  }

  @Test
  void shouldTellTheWayOutWhenAllMetadataIsLost() throws IOException {
    Path spare = spareWithoutMetadata();
    byte[] before = Files.readAllBytes(spare);
    String way = "remapfs check " + disk + " --repair --rebuild-from-tags";
    refuses(4, way, "check", disk);
    err.getBuffer().setLength(0);
    refuses(4, way, "check", "--repair", disk);
    err.getBuffer().setLength(0);
    refuses(4, "tags of 1 slot ", "check", "--spare", spare, disk);
    err.getBuffer().setLength(0);
    refuses(4, "BACKING --spare " + spare, "check", spare);
    err.getBuffer().setLength(0);
    refuses(3, "not blank", "format", disk);
    if (Host.isRoot() && Files.exists(Host.FUSE_DEVICE) && Host.hasLibFuse()) {
      err.getBuffer().setLength(0);
      refuses(3, "told by: remapfs check " + disk, "mount", disk, mountPoint);
    }
    assertThat(spare).hasBinaryContent(before);
  }

  @Test
  void shouldRebuildFromTagsOnlyWhenAskedAndNeeded() throws IOException {
    spareWithoutMetadata();
    refuses(2, "add --repair", "check", "--rebuild-from-tags", disk);
    assertThat(run("check", "--repair", "--rebuild-from-tags", disk)).isZero();
    assertThat(out.toString())
        .containsPattern("remapped: +1\n")
        .containsPattern("in doubt: +1\n")
        .contains("in doubt (slot and disk differ, and the slot's contents are used): blocks 77\n")
        .contains("not vouched for: a tag may be of a move that was never finished");
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    refuses(3, "can be recovered", "check", "--repair", "--rebuild-from-tags", disk);
    assertThat(run("check", "--json", disk)).isZero();
    assertThat(out.toString()).contains("\"remapped\" : 1", "\"damagedBlocks\" : 0");
  }

  @Test
  void shouldNameTheSpareThatIsMissingWhenRebuilding() throws IOException {
    refuses(2, "there is no spare", "check", "--repair", "--rebuild-from-tags", disk);
  }

  @ParameterizedTest
  @CsvSource({"HEALTHY, OK", "DEGRADED, OK", "EXHAUSTED, UNHEALTHY", "EMERGENCY, UNHEALTHY"})
  void shouldTellScriptsWhenTheDiskNeedsHands(String state, String code) throws Exception {
    assertThat(StatusCommand.codeOf(state)).hasToString(code);
  }
}
