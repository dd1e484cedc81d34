package io.remapfs.it;

import static io.remapfs.it.harness.Refusal.REFUSED;
import static io.remapfs.it.harness.Refusal.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A spare serves only the disk as it was when they were last used together. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class WrongDiskTest {
  private static final long SIZE = 64 * Images.MIB;

  /** Between two places that are sampled on a disk of this size. */
  private static final long UNSAMPLED = 20 * Images.MIB + 300 * 1024 + 17;

  @Test
  void shouldServeACopyMadeWithItsSpareAndSayThatItIsOne(Workbench bench) throws IOException {
    Path disk = usedDisk(bench);
    Path copy = copy(disk, bench.path("copy.img"));
    copy(bench.path("disk.img.remap"), bench.path("copy.img.remap"));

    Shell.Result said = Mounted.remapfs("mount", copy.toString(), bench.folder("mount").toString());
    bench.keep(() -> Mounted.remapfs("umount", bench.path("mount").toString()).orFail());

    assertThat(said.orFail().stderr()).contains("are copies").contains("copy.img.remap");
    assertThat(Files.readString(bench.path("mount").resolve("events"))).contains("COPIED");
    Mounted original = bench.mount(disk);
    assertThat(original.text("events")).doesNotContain("COPIED");
  }

  @Test
  void shouldNotRepeatItselfWhenACopyIsMountedAgain(Workbench bench) {
    Path copy = copy(usedDisk(bench), bench.path("copy.img"));
    copy(bench.path("disk.img.remap"), bench.path("copy.img.remap"));
    bench.mount(copy).umount().orFail();

    assertThat(bench.mount(copy).text("events")).containsOnlyOnce("COPIED");
  }

  @Test
  void shouldRefuseTheOriginalWithTheSpareOfItsCopy(Workbench bench) throws IOException {
    Path disk = usedDisk(bench);
    Path copy = copy(disk, bench.path("copy.img"));
    Path spareOfCopy = copy(bench.path("disk.img.remap"), bench.path("copy.img.remap"));
    Mounted use = bench.mount(copy);
    use.write(UNSAMPLED, new byte[] {1});
    use.umount().orFail();

    Shell.Result refused =
        refuses(
            bench,
            REFUSED,
            "--accept-changed",
            "mount",
            "--spare",
            spareOfCopy,
            disk,
            mount(bench));
    assertThat(refused.stderr()).contains("is not the one that the spare");
    bench.mount(disk);
  }

  @Test
  void shouldRefuseACopiedSpareWhenTheDiskIsStillTheSame(Workbench bench) {
    Path disk = usedDisk(bench);
    Path backup = copy(bench.path("disk.img.remap"), bench.path("backup.remap"));

    refuses(
        bench,
        REFUSED,
        "is not the one that " + disk,
        "mount",
        "--spare",
        backup,
        disk,
        mount(bench));
    bench.mount(disk, "--accept-changed", "--spare", backup.toString()).umount().orFail();
    bench.mount(disk, "--spare", backup.toString());
  }

  @Test
  void shouldRefuseAPairThatWasCopiedWhileInUse(Workbench bench) throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted use = bench.mount(disk);
    use.write(0, Images.pattern(2, 0, 4096));
    use.kill9();
    use.close();
    Path copy = copy(disk, bench.path("copy.img"));
    copy(bench.path("disk.img.remap"), bench.path("copy.img.remap"));

    refuses(bench, REFUSED, "without being unmounted first", "mount", copy, mount(bench));
    bench.mount(disk);
  }

  @Test
  void shouldServeAPairThatWasMovedWithinItsFileSystem(Workbench bench) throws IOException {
    Path disk = usedDisk(bench);
    Path moved = Files.move(disk, bench.folder("elsewhere").resolve("other.img"));
    Files.move(bench.path("disk.img.remap"), moved.resolveSibling("other.img.remap"));

    assertThat(bench.mount(moved).text("events")).doesNotContain("COPIED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cp", "cp -p", "cat into the old one"})
  void shouldRefuseADiskThatWasRestoredFromABackup(String how, Workbench bench) throws IOException {
    Path disk = usedDisk(bench);
    Path backup = copy(disk, bench.path("backup.img"));
    Mounted use = bench.mount(disk);
    use.write(UNSAMPLED, new byte[] {1});
    use.umount().orFail();

    if (how.startsWith("cp")) {
      Files.delete(disk);
      Shell.run("sh", "-c", how + " " + backup + " " + disk).orFail();
    } else {
      Shell.run("sh", "-c", "cat " + backup + " > " + disk).orFail();
    }

    refuses(bench, REFUSED, "--accept-changed", "mount", disk, mount(bench));
  }

  @Test
  void shouldRefuseAFileWhenOneByteWasWrittenWhereNothingIsSampled(Workbench bench)
      throws IOException {
    Path disk = usedDisk(bench);

    Images.write(disk, UNSAMPLED, new byte[] {1});

    refuses(bench, REFUSED, "was changed since its last unmount", "mount", disk, mount(bench));
    refuses(
        bench,
        REFUSED,
        "was changed since its last unmount",
        "mount",
        "--read-only",
        disk,
        mount(bench));
    bench.mount(disk, "--accept-changed").umount().orFail();
    bench.mount(disk);
  }

  @Test
  void shouldRefuseAnOlderStateOfTheSameFile(Workbench bench) throws IOException {
    Path disk = usedDisk(bench);

    // As after the roll-back of a snapshot: the same inode, an older time.
    Files.setLastModifiedTime(disk, FileTime.fromMillis(1_700_000_000_000L));

    refuses(bench, REFUSED, "was changed since its last unmount", "mount", disk, mount(bench));
  }

  @Test
  void shouldKnowAFileAgainThroughItsLoopDevice(Workbench bench) {
    Path disk = usedDisk(bench);
    Path spare = bench.path("disk.img.remap");
    LoopDevice loop = bench.loop(disk);

    Mounted mounted = bench.mount(loop.path(), "--spare", spare.toString());

    assertThat(mounted.text("events")).doesNotContain("COPIED");
  }

  @Test
  void shouldRefuseAnotherPartitionWithThisOnesSpare(Workbench bench) {
    LoopDevice loop = bench.loop(bench.disk("disk.img", SIZE), "--partscan");
    Path one = loop.partition(1, Images.MIB, 16 * Images.MIB);
    Path two = loop.partition(2, 17 * Images.MIB, 16 * Images.MIB);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    bench.mountFormatted(one, spare, 4096).umount().orFail();

    refuses(
        bench,
        REFUSED,
        "is not the one that the spare",
        "mount",
        "--spare",
        spare,
        two,
        mount(bench));
  }

  @ParameterizedTest
  @ValueSource(strings = {"touch", "e2fsck", "partition"})
  void shouldNoticeAFileSystemThatWasUsedOnTheBareDisk(String use, Workbench bench)
      throws IOException {
    boolean partitioned = use.equals("partition");
    Path disk = bench.disk("disk.img", SIZE);
    Shell.run(
            "mkfs.ext4",
            "-q",
            "-E",
            "offset=" + (partitioned ? 33 * Images.MIB : 0),
            disk.toString(),
            partitioned ? "16M" : "48M")
        .orFail();
    if (partitioned) {
      Images.write(disk, 446 + 8, new byte[] {0, 8, 1, 0, 0, (byte) 128, 0, 0}); // at 33 MiB
      Images.write(disk, 510, new byte[] {0x55, (byte) 0xAA});
    }
    LoopDevice loop = bench.loop(disk);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    bench.mountFormatted(loop.path(), spare, 4096).umount().orFail();

    if (use.equals("e2fsck")) {
      Shell.run("e2fsck", "-f", "-y", loop.device()).orFail();
    } else {
      // Through the file, whose time of change the loop device does not look at.
      String options = "loop,offset=" + (partitioned ? 33 * Images.MIB : 0);
      loop.close();
      Path files = bench.mountFileSystem(disk.toString(), "-o", options);
      Files.createFile(files.resolve("touched"));
      Shell.run("umount", files.toString()).orFail();
    }

    Path again = use.equals("e2fsck") ? loop.path() : bench.loop(disk).path();
    refuses(
        bench,
        REFUSED,
        "was changed since its last unmount",
        "mount",
        "--spare",
        spare,
        again,
        mount(bench));
  }

  @Test
  void shouldNameTheRealHolderWhenTheNumberOfADeadOneWasReused(Workbench bench) throws IOException {
    Path disk = usedDisk(bench);
    Path script = bench.path("reuse.sh");
    // The command `flock` takes the lock and ends; its shell keeps it. Then another process gets
    // the
    // number, which /proc/locks still shows as the holder's.
    Files.writeString(
        script,
        """
        exec 9<>"$1"
        flock -x 9 &
        taker=$!
        wait "$taker"
        echo $((taker - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 60 9>&- &
        echo "innocent $! taker $taker"
        REMAPFS_LOG=/dev/null "$2" mount "$1" "$3" 9>&-
        """);

    Shell.Result result =
        Shell.run(
            "unshare",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            "bash",
            script.toString(),
            disk.toString(),
            Mounted.command().get(0),
            mount(bench).toString());

    String[] words = result.stdout().strip().split(" ", -1);
    assertThat(words[1]).as("the number was reused: " + result).isEqualTo(words[3]);
    assertThat(result.exitCode()).isEqualTo(REFUSED);
    assertThat(result.stderr())
        .contains("in use by process 1 (bash)")
        .doesNotContain("process " + words[1] + " ");
  }

  @Test
  void shouldTakeOverWhenTheHolderWasKilled(Workbench bench) throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted dead = bench.mount(disk);
    dead.write(0, Images.pattern(5, 0, 4096));
    dead.sync();
    dead.kill9();

    assertThat(bench.mount(disk).read(0, 4096)).isEqualTo(Images.pattern(5, 0, 4096));
  }

  /** Mounted once and unmounted cleanly. */
  private static Path usedDisk(Workbench bench) {
    Path disk = bench.disk("disk.img", SIZE);
    bench.mount(disk).umount().orFail();
    return disk;
  }

  private static Path mount(Workbench bench) {
    return bench.folder("mount");
  }

  private static Path copy(Path from, Path to) {
    Shell.run("cp", from.toString(), to.toString()).orFail();
    return to;
  }
}
