package io.remapfs.it;

import static io.remapfs.it.harness.Refusal.REFUSED;
import static io.remapfs.it.harness.Refusal.USAGE;
import static io.remapfs.it.harness.Refusal.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same bytes under another name are refused, other bytes of the same disk are not. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class SameBytesTest {
  private static final long SIZE = 16 * Images.MIB;

  @ParameterizedTest
  @ValueSource(strings = {"hard.img", "link.img", "bind/disk.img", "bind/../disk.img"})
  void shouldRefuseASecondMountWhenTheFileHasAnotherName(String name, Workbench bench)
      throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", SIZE);
    Mounted first = bench.mountFormatted(disk, 4096);
    Files.createLink(bench.path("hard.img"), disk);
    Files.createSymbolicLink(bench.path("link.img"), disk);
    Path bind = bench.folder("bind");
    Shell.run("mount", "--bind", bench.folder().toString(), bind.toString()).orFail();
    bench.keep(() -> Shell.run("umount", bind.toString()).orFail());

    Shell.Result refused =
        Mounted.remapfs(
            "mount",
            "--spare",
            spare.toString(),
            bench.path(name).toString(),
            bench.folder("second").toString());

    assertInUse(refused, first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"disk.img", "hard.img"})
  void shouldRefuseALoopDeviceWhenItsFileIsMounted(String name, Workbench bench)
      throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted first = bench.mountFormatted(disk, 4096);
    Files.createLink(bench.path("hard.img"), disk);
    LoopDevice loop = bench.loop(bench.path(name));

    assertInUse(format(loop.path(), bench.disk("spare.img", SIZE)), first);
    assertInUse(
        refuses(
            bench,
            REFUSED,
            "in use",
            "mount",
            "--read-only",
            "--spare",
            bench.path("spare.img"),
            loop.path(),
            bench.folder("second")),
        first);
  }

  @Test
  void shouldRefuseAPartOfTheFileWhenTheWholeIsMounted(Workbench bench) {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted first = bench.mountFormatted(disk, 4096);
    LoopDevice part = bench.loop(disk, "--offset", "1MiB", "--sizelimit", "2MiB");

    assertInUse(format(part.path(), bench.disk("spare.img", SIZE)), first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--read-only"})
  void shouldRefuseTheFileWhenALoopDeviceOverItIsMounted(String option, Workbench bench)
      throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Path hard = Files.createLink(bench.path("hard.img"), disk);
    LoopDevice loop = bench.loop(hard);
    Mounted first = bench.mountFormatted(loop.path(), 4096);
    Path spare = bench.disk("spare.img", SIZE);

    String[] options =
        option.isEmpty() ? new String[] {"--block-size=4096"} : new String[] {option};
    assertInUse(
        Mounted.remapfs(
            "mount",
            options[0],
            "--spare",
            spare.toString(),
            disk.toString(),
            bench.folder("second").toString()),
        first);
  }

  @Test
  void shouldRefuseWhenALoopDeviceIsAttachedToTheFileByAnotherName(Workbench bench)
      throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", SIZE);
    format(disk, spare).orFail();
    LoopDevice loop = bench.loop(Files.createLink(bench.path("hard.img"), disk));

    refuses(
        bench,
        REFUSED,
        "losetup -d " + loop.device(),
        "mount",
        "--spare",
        spare,
        disk,
        bench.folder("mount"));
  }

  @Test
  void shouldServeTwoPartitionsWhenTheyAreApartAndRefuseTheWholeDisk(Workbench bench)
      throws IOException {
    LoopDevice disk = partitionable(bench);
    Path one = disk.partition(1, Images.MIB, 6 * Images.MIB);
    Path two = disk.partition(2, 7 * Images.MIB, 6 * Images.MIB);
    Path spareOfDisk = bench.disk("spare.img", SIZE);
    format(disk.path(), spareOfDisk).orFail();

    Mounted first = bench.mountFormatted(one, 4096);
    Mounted second = bench.mountFormatted(two, 4096);
    first.write(0, Images.pattern(1, 0, 4096));
    second.write(0, Images.pattern(2, 0, 4096));

    assertThat(first.read(0, 4096)).isEqualTo(Images.pattern(1, 0, 4096));
    assertInUse(mount(bench, disk.path(), spareOfDisk), first);
    assertInUse(mount(bench, disk.path(), spareOfDisk, "--read-only"), first);
  }

  @Test
  void shouldRefuseAPartitionWhenItsDiskIsMounted(Workbench bench) {
    LoopDevice disk = partitionable(bench);
    Path part = disk.partition(1, Images.MIB, 6 * Images.MIB);
    Path spare = bench.disk("spare.img", SIZE);
    format(part, spare).orFail();

    Mounted first = bench.mountFormatted(disk.path(), 4096);

    assertInUse(mount(bench, part, spare), first);
    assertInUse(mount(bench, part, spare, "--read-only"), first);
  }

  @Test
  void shouldRefuseOnlyThePartitionThatALoopDeviceOverlaps(Workbench bench) {
    Path file = bench.disk("disk.img", SIZE);
    LoopDevice disk = bench.loop(file, "--partscan");
    Path one = disk.partition(1, Images.MIB, 6 * Images.MIB);
    Path two = disk.partition(2, 7 * Images.MIB, 6 * Images.MIB);
    Path spare = bench.disk("spare.img", SIZE);
    LoopDevice over = bench.loop(file, "--offset", "2MiB", "--sizelimit", "2MiB");

    refuses(bench, REFUSED, "losetup -d " + over.device(), "format", "--spare", spare, one);
    bench.mountFormatted(two, 4096);
  }

  @Test
  void shouldRefuseASpareWhenItLiesOnTheBacking(Workbench bench) {
    LoopDevice disk = partitionable(bench);
    Path one = disk.partition(1, Images.MIB, 6 * Images.MIB);
    Path two = disk.partition(2, 7 * Images.MIB, 6 * Images.MIB);

    refuses(bench, USAGE, "lies on the backing", "format", "--spare", one, disk.path());
    refuses(bench, USAGE, "lies on the backing", "format", "--spare", disk.path(), one);
    bench.mountFormatted(one, two, 4096);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--read-only"})
  void shouldRefuseADiskWhenAFileSystemOfItsPartitionIsMounted(String option, Workbench bench) {
    LoopDevice disk = partitionable(bench);
    Path one = disk.partition(1, Images.MIB, 8 * Images.MIB);
    Path two = disk.partition(2, 9 * Images.MIB, 6 * Images.MIB);
    Path spare = bench.disk("spare.img", SIZE);
    format(disk.path(), spare).orFail();
    Shell.run("mkfs.ext4", "-q", one.toString()).orFail();
    Path fileSystem = bench.mountFileSystem(one.toString());

    Shell.Result refused =
        option.isEmpty()
            ? mount(bench, disk.path(), spare)
            : mount(bench, disk.path(), spare, option);

    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(REFUSED);
    assertThat(refused.stderr()).contains("umount " + fileSystem);
    bench.mountFormatted(two, 4096);
  }

  @Test
  void shouldRefuseTheSameSetOnTopOfItselfAndServeAnother(Workbench bench) throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted below = bench.mount(disk, "--loop");
    Path loop = Path.of(below.announced());
    Path itsSpare = bench.path("disk.img.remap");

    assertInUse(mount(bench, loop, itsSpare), below);
    refuses(bench, REFUSED, "losetup -d", "mount", below.image(), bench.folder("other"));

    Mounted above = bench.mountFormatted(loop, 4096);
    above.write(4096, Images.pattern(3, 4096, 4096));
    above.umount().orFail();
    assertThat(below.read(4096, 4096)).isEqualTo(Images.pattern(3, 4096, 4096));
  }

  @Test
  void shouldRefuseASpareWhenAnotherMountHasItAsSpareOrBacking(Workbench bench) {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted first = bench.mount(disk);
    Path other = bench.disk("other.img", SIZE);

    assertInUse(mount(bench, other, bench.path("disk.img.remap")), first);
    assertInUse(mount(bench, other, disk), first);
    assertInUse(mount(bench, bench.path("disk.img.remap"), other), first);
  }

  @Test
  void shouldServeTwiceWhenBothOnlyRead(Workbench bench) {
    Path disk = bench.disk("disk.img", SIZE);
    bench.mount(disk).umount().orFail();

    bench.mount(disk, "--read-only");
    bench.mount(disk, "--read-only");
    Shell.Result refused =
        Mounted.remapfs("mount", disk.toString(), bench.folder("third").toString());
    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(REFUSED);
  }

  private static LoopDevice partitionable(Workbench bench) {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/addpart")), "addpart is not installed");
    return bench.loop(bench.disk("disk.img", SIZE), "--partscan");
  }

  private static Shell.Result format(Path backing, Path spare) {
    return Mounted.remapfs("format", "--spare", spare.toString(), backing.toString());
  }

  private static Shell.Result mount(Workbench bench, Path backing, Path spare, String... options) {
    String[] arguments = new String[options.length + 5];
    arguments[0] = "mount";
    System.arraycopy(options, 0, arguments, 1, options.length);
    arguments[options.length + 1] = "--spare";
    arguments[options.length + 2] = spare.toString();
    arguments[options.length + 3] = backing.toString();
    arguments[options.length + 4] = bench.folder("refused").toString();
    return Mounted.remapfs(arguments);
  }

  private static void assertInUse(Shell.Result refused, Mounted holder) {
    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(REFUSED);
    assertThat(refused.stdout()).isEmpty();
    assertThat(refused.stderr())
        .contains("in use by process " + holder.daemonPid() + " (remapfs mount ")
        .contains("unmount it there first");
  }
}
