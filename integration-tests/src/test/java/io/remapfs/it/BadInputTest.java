package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Repository;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is refused: with the documented exit code, in one sentence that says what is wrong, and with
 * every file as it was.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BadInputTest {
  private static final int USAGE = 2;
  private static final int REFUSED = 3;
  private static final long SIZE = 64 * Images.MIB;
  private static final long SPARE_SIZE = 16 * Images.MIB;

  @Test
  void shouldRefuseWhenTheBackingIsMissing(Workbench bench) {
    refuses(bench, USAGE, "gone.img", "mount", bench.path("gone.img"), bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenTheBackingIsEmpty(Workbench bench) {
    refuses(bench, USAGE, "empty", "mount", bench.disk("disk.img", 0), bench.folder("mount"));
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1_000_001, 64 * 1024 * 1024 + 1})
  void shouldRefuseWhenTheBackingIsOddSized(long sizeBytes, Workbench bench) {
    refuses(
        bench,
        USAGE,
        "multiple",
        "mount",
        bench.disk("disk.img", sizeBytes),
        bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenTheBackingIsADirectory(Workbench bench) {
    refuses(bench, USAGE, "directory", "mount", bench.folder("folder"), bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenTheBackingIsACharacterDevice(Workbench bench) {
    refuses(bench, USAGE, "/dev/null", "mount", Path.of("/dev/null"), bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenTheBackingCannotBeReadByTheUser(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Files.setPosixFilePermissions(backing, PosixFilePermissions.fromString("---------"));
    Path mountPoint = bench.folder("mount");
    openToOthers(bench);

    refusesCommand(
        bench, REFUSED, "permission", asNobody("mount", backing.toString(), mountPoint.toString()));
  }

  @Test
  void shouldRefuseWhenTheUserMayNotWriteToTheBacking(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Files.setPosixFilePermissions(backing, PosixFilePermissions.fromString("r--r--r--"));
    Path mountPoint = bench.folder("mount");
    openToOthers(bench);

    refusesCommand(
        bench, REFUSED, "permission", asNobody("mount", backing.toString(), mountPoint.toString()));
  }

  @Test
  void shouldNameTheHolderWhenTheBackingIsAlreadyMounted(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted first = bench.mount(backing);

    Shell.Result result =
        refuses(bench, REFUSED, "" + first.daemonPid(), "mount", backing, bench.folder("second"));

    assertThat(result.stderr()).contains(Long.toString(first.daemonPid()));
    assertThat(first.status().state()).isEqualTo("HEALTHY");
  }

  @Test
  void shouldNameTheHolderWhenTheSpareIsUsedByAnotherMount(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", SPARE_SIZE);
    Mounted first = bench.mountFormatted(backing, spare, 4096);
    Path other = bench.disk("other.img", SIZE);

    refuses(
        bench,
        REFUSED,
        "" + first.daemonPid(),
        "mount",
        "--spare",
        spare,
        other,
        bench.folder("second"));
  }

  @Test
  void shouldRefuseWhenTheBackingIsAMountedBlockDevice(Workbench bench) {
    LoopDevice loop = bench.loop(bench.disk("disk.img", SIZE));
    Shell.run("mkfs.ext4", "-q", loop.device()).orFail();
    Path spare = bench.disk("spare.img", SPARE_SIZE);
    bench.mountFileSystem(loop.device());

    for (String command : List.of("format", "mount")) {
      Object[] arguments =
          command.equals("format")
              ? new Object[] {command, "--spare", spare, loop.device()}
              : new Object[] {command, "--spare", spare, loop.device(), bench.folder("mount")};
      refuses(bench, REFUSED, "in use", arguments);
    }
  }

  @Test
  void shouldAskForASpareWhenABlockDeviceHasNoneNamed(Workbench bench) {
    LoopDevice loop = bench.loop(bench.disk("disk.img", SIZE));

    refuses(bench, USAGE, "--spare", "mount", loop.device(), bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenTheSpareIsTooSmall(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", 64 << 10);

    refuses(bench, USAGE, "spare", "format", "--spare", spare, backing);
  }

  @Test
  void shouldRefuseWhenTheSpareIsTheBacking(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);

    refuses(bench, USAGE, "spare", "format", "--spare", backing, backing);
  }

  @Test
  void shouldRefuseWhenTheSpareBelongsToAnotherBacking(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = formatted(bench, backing);
    Path other = bench.disk("other.img", SIZE + Images.MIB);

    refuses(bench, REFUSED, "spare.img", "mount", "--spare", spare, other, bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenTheBackingWasChangedBehindTheSparesBack(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Images.fill(backing, 1);
    Mounted mounted = bench.mount(backing);
    mounted.umount().orFail();
    Images.fill(backing, 2);

    refuses(bench, REFUSED, "disk.img", "mount", backing, bench.folder("mount"));
  }

  @Test
  void shouldRefuseToFormatAgainWhenTheSpareHoldsASet(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = formatted(bench, backing);

    refuses(bench, REFUSED, "spare.img", "format", "--spare", spare, backing);
  }

  @Test
  void shouldRefuseWhenTheSpareIsNotFormatted(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", SPARE_SIZE);

    refuses(bench, REFUSED, "format", "mount", "--spare", spare, backing, bench.folder("mount"));
  }

  @Test
  void shouldRefuseWhenEveryCopyOfTheMetadataIsCorrupt(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = formatted(bench, backing);
    // Every sector keeps its first bytes, so that the magic still says whose it is.
    byte[] all = Files.readAllBytes(spare);
    for (int i = 0; i < all.length; i += 512) {
      all[i + 100] ^= 0x5a;
    }
    Files.write(spare, all);

    refuses(bench, REFUSED, "corrupt", "mount", "--spare", spare, backing, bench.folder("mount"));
  }

  @ParameterizedTest
  @CsvSource({"--io=sideways", "--no-such-option", "--session=carrier-pigeon", "--block-size=1000"})
  void shouldRefuseWhenAnOptionIsUnknownOrWrong(String option, Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);

    Shell.Result result =
        refuses(bench, USAGE, "", "mount", option, backing, bench.folder("mount"));

    assertThat(result.stderr()).contains(option.split("=")[0].substring(2));
  }

  @Test
  void shouldRefuseWhenTheCommandIsUnknown(Workbench bench) {
    refuses(bench, USAGE, "frobnicate", "frobnicate");
  }

  @Test
  void shouldRefuseWhenTheMountPointIsMissing(Workbench bench) {
    refuses(bench, USAGE, "nowhere", "mount", bench.disk("disk.img", SIZE), bench.path("nowhere"));
  }

  @Test
  void shouldRefuseWhenTheMountPointIsAFile(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    refuses(bench, USAGE, "directory", "mount", backing, bench.disk("file", 5));
  }

  @Test
  void shouldRefuseWhenTheMountPointIsNotEmpty(Workbench bench) throws IOException {
    Path mountPoint = bench.folder("mount");
    Files.writeString(mountPoint.resolve("precious"), "mine");

    refuses(bench, USAGE, "not empty", "mount", bench.disk("disk.img", SIZE), mountPoint);
  }

  @Test
  void shouldSayHowADeadMountIsClearedAndClearItWhenAskedTo(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted dead = bench.mount(backing);
    dead.write(0, Images.pattern(1, 0, 4096));
    dead.kill9();

    Shell.Result result =
        Mounted.remapfs("mount", backing.toString(), dead.mountPoint().toString());
    assertThat(result.exitCode()).isEqualTo(REFUSED);
    assertOneSentence(result);
    assertThat(result.stderr()).contains("--clear-stale");

    Mounted again = bench.keep(Mounted.mount(backing, dead.mountPoint(), "--clear-stale"));
    assertThat(again.read(0, 4096)).isEqualTo(Images.pattern(1, 0, 4096));
    again.umount().orFail();
    assertThat(MountTable.isMounted(dead.mountPoint())).isFalse();
  }

  @Test
  void shouldRefuseToUnmountWhenItIsNoMountOfOurs(Workbench bench) {
    refuses(bench, REFUSED, "folder", "umount", bench.folder("folder"));
    refuses(bench, REFUSED, "folder", "status", bench.folder("folder"));
  }

  @Test
  void shouldRefuseWhenThereIsNoDevFuse(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Path devices = bench.folder("devices");
    // A /dev of its own, in a mount name space of its own, with everything but fuse.
    String script =
        "mount --bind /dev %1$s && mount -t tmpfs none /dev && for d in null zero random urandom tty; do"
            + " : >/dev/$d && mount --bind %1$s/$d /dev/$d || exit 9; done;"
            + " ln -s /proc/self/fd /dev/fd; exec %2$s mount %3$s %4$s";

    refusesCommand(
        bench,
        REFUSED,
        "/dev/fuse",
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            script.formatted(devices, Repository.launcher(), backing, mountPoint)));
  }

  @Test
  void shouldRefuseWhenThereIsNoLibfuse(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Path empty = bench.disk("no-library", 0);
    StringBuilder script = new StringBuilder();
    for (String library :
        Shell.run("sh", "-c", "ldconfig -p | sed -n 's/.*libfuse\\.so.* => //p'")
            .stdout()
            .lines()
            .toList()) {
      script.append("mount --bind %s %s && ".formatted(empty, Path.of(library).toRealPath()));
    }
    script.append("exec %s mount %s %s".formatted(Repository.launcher(), backing, mountPoint));

    refusesCommand(
        bench, REFUSED, "libfuse", List.of("unshare", "-m", "sh", "-c", script.toString()));
  }

  @Test
  void shouldRefuseWhenTheUserHasNotEnoughRights(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Files.setPosixFilePermissions(backing, PosixFilePermissions.fromString("rw-rw-rw-"));
    Path mountPoint = bench.folder("mount");
    openToOthers(bench);

    // The mount point, the spare's folder or /dev/fuse: whichever is met first.
    refusesCommand(
        bench, REFUSED, "", asNobody("mount", backing.toString(), mountPoint.toString()));
  }

  @Test
  void shouldRefuseToMountWhenTheSpareFailsToBeRead(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    FailingDisk spare = bench.failingDisk("spare", SPARE_SIZE);
    Mounted.remapfs("format", "--spare", spare.image().toString(), backing.toString()).orFail();
    spare.faults(Fault.wholeDisk("rw", ""));

    Shell.Result result =
        Mounted.remapfs(
            "mount",
            "--spare",
            spare.image().toString(),
            backing.toString(),
            bench.folder("mount").toString());

    assertThat(result.exitCode()).isIn(1, REFUSED);
    assertOneSentence(result);
  }

  private static Path formatted(Workbench bench, Path backing) {
    Path spare = bench.disk("spare.img", SPARE_SIZE);
    Mounted.remapfs("format", "--spare", spare.toString(), backing.toString()).orFail();
    return spare;
  }

  /**
   * Runs {@code remapfs ARGUMENTS...} and expects the refusal; nothing below the folder changes.
   */
  private static Shell.Result refuses(
      Workbench bench, int exitCode, String mentioned, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Repository.launcher().toString());
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    return refusesCommand(bench, exitCode, mentioned, command);
  }

  private static Shell.Result refusesCommand(
      Workbench bench, int exitCode, String mentioned, List<String> command) {
    Map<String, String> before = contents(bench.folder());

    Shell.Result result =
        Shell.run(
            Duration.ofSeconds(30),
            Map.of("REMAPFS_LOG", "/dev/null"),
            command.toArray(String[]::new));

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(exitCode);
    assertOneSentence(result);
    assertThat(result.stderr()).containsIgnoringCase(mentioned);
    assertThat(contents(bench.folder())).isEqualTo(before);
    return result;
  }

  private static void assertOneSentence(Shell.Result result) {
    assertThat(result.stdout()).as(result.toString()).isEmpty();
    assertThat(result.stderr().strip().lines()).as(result.toString()).hasSize(1);
    assertThat(result.stderr()).startsWith("remapfs: ").doesNotContain("Exception");
  }

  /**
   * Hash of each file and mark of each folder below {@code folder}; what is mounted is left out.
   */
  private static Map<String, String> contents(Path folder) {
    List<Path> mounts = MountTable.mountsBelow(folder);
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      paths
          .filter(path -> mounts.stream().noneMatch(path::startsWith))
          .filter(path -> !path.toString().endsWith(".log"))
          .forEach(path -> contents.put(path.toString(), describe(path)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }

  private static String describe(Path path) {
    return Files.isRegularFile(path) ? Images.hash(path) : "folder";
  }

  private static void openToOthers(Workbench bench) throws IOException {
    for (Path folder = bench.folder(); !folder.endsWith("tmp"); folder = parentOf(folder)) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static Path parentOf(Path folder) {
    Path parent = folder.getParent();
    if (parent == null) {
      throw new IllegalStateException("not below a folder named tmp");
    }
    return parent;
  }

  private static List<String> asNobody(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    command.addAll(Mounted.command(arguments));
    return command;
  }
}
