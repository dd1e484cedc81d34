package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertWriteFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Refusal;
import io.remapfs.it.harness.ScatteredFaults;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A second spare is added, and blocks move to another one, under load and through crashes. */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class SeveralSparesTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long OLD = 1;
  private static final long NEW = 2;

  /** Blocks 0 to 511 are bad to write: that many moves, in four pieces of a migration. */
  private static final int BAD_BYTES = 512 * BLOCK;

  private static final Fault SLOW = Fault.wholeDisk("rw", "errno=none delay=60ms");

  private static Mounted mountWithMovedBlocks(
      Workbench bench, FailingDisk disk, Path spare, String... options) throws IOException {
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK, options);
    disk.faults(Fault.write(0, BAD_BYTES));
    mounted.write(0, Images.pattern(NEW, 0, BAD_BYTES));
    mounted.sync();
    assertThat(mounted.status().remapped()).isEqualTo(BAD_BYTES / BLOCK);
    return mounted;
  }

  private static Shell.Result migrate(Object... arguments) {
    String[] words = new String[arguments.length + 1];
    words[0] = "migrate";
    for (int i = 0; i < arguments.length; i++) {
      words[i + 1] = arguments[i].toString();
    }
    return Mounted.remapfs(words);
  }

  private static Object stage(Mounted mounted) throws IOException {
    String answer = mounted.control("migrate status");
    return answer.replaceAll("(?s).*\"migration\":\"([a-z]+)\".*", "$1");
  }

  @Test
  void shouldMoveEveryBlockWhenFioWritesAndVerifiesMeanwhile(Workbench bench) {
    long size = 64 * Images.MIB;
    FailingDisk disk = bench.failingDisk("disk", size);
    Path first = bench.disk("first.img", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), first, BLOCK, "--loop");
    disk.faults(ScatteredFaults.over(size, BLOCK, 2.0, 8, "w", "rw"));
    Path loop = Path.of(mounted.announced());
    CompletableFuture<Shell.Result> load =
        CompletableFuture.supplyAsync(() -> fio(bench, loop, size));
    Await.until("blocks moved under load", () -> mounted.status().spareUsed() > 100);

    Path second = bench.path("second.img");
    migrate(mounted.mountPoint(), second).orFail();
    Path third = bench.path("third.img");
    migrate(mounted.mountPoint(), third, "--size", "32M").orFail();

    load.join().orFail();
    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().find("spare.path")).isEqualTo(third.toString());
    mounted.umount().orFail();
    Mounted again = bench.mount(disk.image(), "--spare", third.toString());
    assertThat(again.status().remapped()).isGreaterThan(100);
  }

  private static Shell.Result fio(Workbench bench, Path target, long sizeBytes) {
    return Shell.run(
        Duration.ofSeconds(120),
        "fio",
        "--name=verify",
        "--filename=" + target,
        "--size=" + sizeBytes,
        "--rw=randwrite",
        "--bs=4k",
        "--ioengine=libaio",
        "--iodepth=16",
        "--direct=1",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--do_verify=1",
        "--verify_state_save=0",
        "--randseed=9",
        "--loops=3",
        "--aux-path=" + bench.folder());
  }

  @Test
  void shouldGoOnAfterAKillWhenBlocksWereOnTheirWay(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk first = bench.failingDisk("first", 16 * Images.MIB);
    Mounted mounted = mountWithMovedBlocks(bench, disk, first.image());
    Path second = bench.path("second.img");
    first.faults(SLOW);
    mounted.control("migrate " + second);
    Await.until("some of the blocks moved", () -> used(mounted, 1) > 0);
    assertThat(stage(mounted)).isEqualTo("running");

    mounted.kill9();
    first.faults();
    Mounted again =
        bench.keep(
            Mounted.mount(
                disk.image(),
                mounted.mountPoint(),
                "--clear-stale",
                "--spare",
                first.image().toString()));

    assertPattern(again, NEW, 0, BAD_BYTES);
    assertThat(used(again, 0)).isPositive();
    migrate(again.mountPoint()).orFail();
    assertPattern(again, NEW, 0, BAD_BYTES);
    assertThat(again.status().find("spare.path")).isEqualTo(second.toString());
    again.umount().orFail();
    Files.delete(first.store());
    Mounted.remapfs("check", "--spare", second.toString(), disk.image().toString()).orFail();
  }

  /** Slots in use of the set's spare of this number, from 0; the spare must be there. */
  private static long used(Mounted mounted, int spare) {
    Object members = mounted.status().find("spare.members");
    if (members instanceof java.util.List<?> list
        && spare < list.size()
        && list.get(spare) instanceof java.util.Map<?, ?> one
        && one.get("used") instanceof Number used) {
      return used.longValue();
    }
    return -1;
  }

  @Test
  void shouldServeMeanwhileAndGoOnOfflineWhenItIsUnmountedInTheMiddle(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk first = bench.failingDisk("first", 16 * Images.MIB);
    Mounted mounted = mountWithMovedBlocks(bench, disk, first.image());
    Path second = bench.path("second.img");
    first.faults(SLOW);
    mounted.control("migrate " + second);

    mounted.write(SIZE / 2, Images.pattern(NEW, SIZE / 2, BLOCK));
    assertPattern(mounted, NEW, SIZE / 2, BLOCK);
    assertThat(stage(mounted)).isEqualTo("running");
    Path third = bench.path("third");
    Shell.Result refused = migrate(mounted.mountPoint(), third);
    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(3);
    assertThat(refused.stderr()).contains("wait until");
    assertThat(third).doesNotExist();
    mounted.umount().orFail();
    first.faults();

    Path backing = disk.image();
    migrate(backing, "--spare", first.image()).orFail();
    Mounted again = bench.mount(backing, "--spare", second.toString());
    assertPattern(again, NEW, 0, BAD_BYTES);
    assertPattern(again, NEW, SIZE / 2, BLOCK);
  }

  @Test
  void shouldCountWhatIsLostWhenTheOldSpareDiesMeanwhile(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk first = bench.failingDisk("first", 16 * Images.MIB);
    Mounted mounted = mountWithMovedBlocks(bench, disk, first.image());
    long slot = slotOf(first, Images.pattern(NEW, 0, BLOCK));
    first.faults(Fault.read(slot, BLOCK));

    Shell.Result result = migrate(mounted.mountPoint(), bench.path("second.img"));

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(4);
    assertThat(result.stdout())
        .contains("511 blocks were moved", "1 blocks are lost", "is still needed");
    assertThat(mounted.status().pending()).isEqualTo(1);
    assertPattern(mounted, NEW, BLOCK, BAD_BYTES - BLOCK);
    first.faults();
    migrate(mounted.mountPoint()).orFail();
    assertPattern(mounted, NEW, 0, BAD_BYTES);
  }

  /** Where in the spare the slot with these contents lies. */
  private static long slotOf(FailingDisk spare, byte[] contents) throws IOException {
    byte[] all = Files.readAllBytes(spare.store());
    for (int at = 0; at + contents.length <= all.length; at += 512) {
      if (java.util.Arrays.equals(all, at, at + contents.length, contents, 0, contents.length)) {
        return at;
      }
    }
    throw new AssertionError("no slot with the contents");
  }

  @Test
  void shouldGoOnMovingBlocksWhenASpareIsAddedToAFullOne(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path first = bench.disk("first.img", 3 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), first, BLOCK);
    int slots = (int) mounted.status().number("spare.slots");
    int bytes = slots * BLOCK;
    disk.faults(Fault.write(0, SIZE));
    mounted.write(0, Images.pattern(NEW, 0, bytes));
    assertThat(mounted.text("status")).contains("remapfs add-spare " + mounted.mountPoint());
    Await.until("the event", () -> mounted.text("events").contains("SPARE_LOW"));
    assertWriteFails(mounted, bytes, Images.pattern(NEW, bytes, BLOCK));

    Path second = bench.path("a second one");
    Mounted.remapfs("add-spare", mounted.mountPoint().toString(), second.toString()).orFail();
    mounted.write(bytes, Images.pattern(NEW, bytes, 64 * BLOCK));
    mounted.sync();

    assertPattern(mounted, NEW, 0, bytes + 64 * BLOCK);
    assertThat(mounted.status().find("spare.low")).isEqualTo(false);
    mounted.kill9();
    Mounted again =
        bench.keep(
            Mounted.mount(
                disk.image(), mounted.mountPoint(), "--clear-stale", "--spare", first.toString()));
    assertPattern(again, NEW, 0, bytes + 64 * BLOCK);
    again.umount().orFail();
    Files.move(second, bench.path("elsewhere"), StandardCopyOption.ATOMIC_MOVE);
    Refusal.refuses(
        bench, 3, second.toString(), "mount", disk.image(), bench.folder("m"), "--spare", first);
  }

  @Test
  void shouldFollowTheOldSpareWhenTheBackingIsMountedWithoutNamingOne(Workbench bench)
      throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Images.fill(backing, OLD);
    Mounted mounted = bench.mount(backing);
    Mounted.remapfs("remap", mounted.mountPoint().toString(), "3", "4", "5").orFail();
    mounted.write(3 * BLOCK, Images.pattern(NEW, 3 * BLOCK, 3 * BLOCK));
    Path second = bench.path("second.img");
    migrate(mounted.mountPoint(), second).orFail();
    mounted.umount().orFail();

    Mounted again = bench.mount(backing);
    assertPattern(again, NEW, 3 * BLOCK, 3 * BLOCK);
    assertThat(again.status().find("spare.path")).isEqualTo(second.toString());
    assertThat(again.text("status")).contains("was replaced by " + second);
    again.umount().orFail();
  }

  @Test
  void shouldRefuseWhatCannotBeASpareWhenMounted(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted mounted = bench.mount(backing);
    Path mount = mounted.mountPoint();
    Refusal.refuses(bench, 2, "on the mounted disk itself", "add-spare", mount, mount.resolve("x"));
    Refusal.refuses(bench, 2, "same file", "migrate", mount, backing);
    Refusal.refuses(bench, 3, "already", "migrate", mount, bench.path("disk.img.remap"));
    Refusal.refuses(bench, 2, "too small", "migrate", mount, bench.path("new"), "--size", "64K");
    Refusal.refuses(bench, 2, "one spare only", "migrate", mount);
    mounted.umount().orFail();
    Path readOnly = bench.mount(backing, "--read-only").mountPoint();
    Refusal.refuses(bench, 3, "read-only", "add-spare", readOnly, bench.path("new"));
  }
}
