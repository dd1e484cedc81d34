package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
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

/** What ddrescue and badblocks find on a disk that fails, imported into its set. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class ImportTest {
  private static final int BLOCK = 4096;
  private static final long SIZE = 16 * Images.MIB;
  private static final long OLD = 1;
  private static final List<Integer> BAD = List.of(0, 30, 31, 32, 1000, 4095);

  private static FailingDisk failingDisk(Workbench bench) {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    disk.faults(faults());
    return disk;
  }

  private static Fault[] faults() {
    return BAD.stream().map(block -> Fault.read((long) block * BLOCK, BLOCK)).toArray(Fault[]::new);
  }

  private static Path ddrescued(Workbench bench, FailingDisk disk) {
    Path map = bench.path("ddrescue.map");
    Shell.run("ddrescue", "-q", disk.image().toString(), "" + bench.path("copy.img"), "" + map)
        .orFail();
    return map;
  }

  private static Shell.Result imports(Object... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "import";
    for (int i = 0; i < arguments.length; i++) {
      command[i + 1] = arguments[i].toString();
    }
    return Mounted.remapfs(command).orFail();
  }

  private static void assertOnlyTheBadAreLost(Mounted mounted) throws IOException {
    assertThat(mounted.text("badblocks").lines().map(Integer::valueOf)).isEqualTo(BAD);
    for (int block : BAD) {
      assertReadFails(mounted, (long) block * BLOCK, BLOCK);
    }
    assertPattern(mounted, OLD, 33L * BLOCK, 64 * BLOCK);
    assertThat(mounted.status().pending()).isEqualTo(BAD.size());
    assertThat(mounted.status().remapped()).isZero();
  }

  @Test
  void shouldKnowWhatDdrescueFoundWhenItsMapfileIsImported(Workbench bench) throws IOException {
    FailingDisk disk = failingDisk(bench);
    Path map = ddrescued(bench, disk);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);

    Shell.Result result = imports(mounted.mountPoint(), map);

    assertThat(result.stdout()).containsPattern("marked: +" + BAD.size() + "\n");
    assertOnlyTheBadAreLost(mounted);
  }

  @Test
  void shouldKnowWhatBadblocksFoundWhenItsListIsImportedUnmounted(Workbench bench)
      throws IOException {
    FailingDisk disk = failingDisk(bench);
    Path list = bench.path("list");
    Shell.run("badblocks", "-b", "" + BLOCK, "-o", "" + list, "" + disk.image()).orFail();
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    Path spare = bench.path("spare-0.img");
    mounted.umount().orFail();

    imports("--unit=4K", "--spare", spare, disk.image(), list);

    assertOnlyTheBadAreLost(bench.mount(disk.image(), "--spare", spare.toString()));
  }

  @Test
  void shouldGiveTheDataBackWhenTheListWasWrong(Workbench bench) throws IOException {
    FailingDisk disk = failingDisk(bench);
    Path map = ddrescued(bench, disk);
    disk.faults();
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    imports(mounted.mountPoint(), map);

    assertPattern(mounted, OLD, 0, (int) (2 * Images.MIB));

    assertThat(mounted.status().pending()).isEqualTo(2); // 1000 and 4095 were not read
    assertThat(mounted.status().salvaged()).isEqualTo(BAD.size() - 2);
  }

  @Test
  void shouldReproduceWhatIsLostWhenExportedAndImportedIntoAFreshSet(Workbench bench)
      throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Mounted mounted = bench.mountFormatted(disk, BLOCK);
    Path list = Files.writeString(bench.path("list"), "3\n4\n5\n700\n");
    imports("--unit=4K", mounted.mountPoint(), list);
    String before = mounted.text("badblocks");
    assertThat(before).isEqualTo("3\n4\n5\n700\n");
    Path map = bench.path("exported.map");
    Mounted.remapfs("export", "" + mounted.mountPoint(), "" + map).orFail();
    Shell.Result asList =
        Mounted.remapfs("export", "--format=badblocks", "" + mounted.mountPoint()).orFail();
    assertThat(asList.stdout()).isEqualTo("# remapfs bad blocks, unit: 4096\n" + before);
    mounted.umount().orFail();

    Mounted fresh = bench.mountFormatted(disk, BLOCK);
    imports(fresh.mountPoint(), map);

    assertThat(fresh.text("badblocks")).isEqualTo(before);
    assertThat(Shell.run("ddrescuelog", "-b4096", "-l-", "" + map).orFail().stdout())
        .isEqualTo(before);
  }

  @Test
  void shouldTakeALongListWithinSecondsWhileMounted(Workbench bench) throws IOException {
    Path disk = bench.disk("disk.img", 1024 * Images.MIB);
    Path spare = bench.disk("spare.img", 256 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk, spare, BLOCK);
    int runs = 40_000;
    StringBuilder map = new StringBuilder("# Mapfile.\n0x0 + 1\n");
    for (long i = 0; i < runs; i++) {
      map.append(i * 6 * BLOCK).append(" 512 -\n");
    }
    Path file = Files.writeString(bench.path("long.map"), map);

    long begin = System.nanoTime();
    imports(mounted.mountPoint(), file);
    long elapsedSeconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);

    System.out.println(runs + " runs imported in " + elapsedSeconds + " s");
    assertThat(mounted.status().pending()).isEqualTo(runs);
  }
}
