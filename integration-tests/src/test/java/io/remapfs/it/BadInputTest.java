package io.remapfs.it;

import static io.remapfs.it.harness.Refusal.REFUSED;
import static io.remapfs.it.harness.Refusal.USAGE;
import static io.remapfs.it.harness.Refusal.assertOneSentence;
import static io.remapfs.it.harness.Refusal.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Backings and spares that are refused: with the documented exit code, in one sentence that says
 * what is wrong, and with every file as it was.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BadInputTest {
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
  void shouldMakeNoBlankSpareWhenTheNamedOneIsMissing(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path mistyped = backing.resolveSibling("no-such-spare.img");

    refuses(
        bench,
        USAGE,
        "does not exist",
        "mount",
        "--spare",
        mistyped,
        backing,
        bench.folder("mount"));
    assertThat(mistyped).doesNotExist();
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
}
