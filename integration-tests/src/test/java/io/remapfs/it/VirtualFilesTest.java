package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertReads;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Status;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The files beside the image, read by the programs that they are meant for. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class VirtualFilesTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;

  @Test
  void shouldBeReadByDdrescuelogWhenBlocksAreLost(Workbench bench) throws IOException {
    Mounted mounted = withLostBlocks(bench, 10, 20, 21);
    Path copy = bench.path("map");
    Files.copy(mounted.mountPoint().resolve("mapfile"), copy);

    Shell.Result listed = Shell.run("ddrescuelog", "-b" + BLOCK, "-l-", copy.toString()).orFail();

    assertThat(listed.stdout().lines()).containsExactly("10", "20", "21");
  }

  @Test
  void shouldBeReadByE2fsckWhenBlocksAreLost(Workbench bench) throws IOException {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--loop");
    Shell.run("mkfs.ext4", "-q", "-b4096", mounted.announced()).orFail();
    disk.faults(Fault.read(3000L * BLOCK, 2 * BLOCK));
    assertReadFails(mounted, 3000L * BLOCK, 2 * BLOCK);

    // 1: the file system was changed, which is what adding bad blocks to it is.
    assertThat(
            Shell.run(
                    "e2fsck",
                    "-fy",
                    "-l",
                    mounted.mountPoint().resolve("badblocks").toString(),
                    mounted.announced())
                .exitCode())
        .isLessThanOrEqualTo(1);

    assertThat(Shell.run("dumpe2fs", "-b", mounted.announced()).orFail().stdout().lines())
        .containsExactly("3000", "3001");
  }

  @Test
  void shouldKeepTheSnapshotOfItsOpenWhenTheStateChanges(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    disk.faults(Fault.read(0, BLOCK));
    try (FileChannel open =
        FileChannel.open(mounted.mountPoint().resolve("status.json"), StandardOpenOption.READ)) {
      assertReadFails(mounted, 0, BLOCK);

      String text =
          new String(Channels.newInputStream(open).readAllBytes(), StandardCharsets.UTF_8);

      assertThat(Status.parse(text).pending()).isZero();
    }
    assertThat(mounted.status().pending()).isEqualTo(1);
  }

  @Test
  void shouldRefuseToBeWrittenWhenOnlyControlTakesCommands(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    for (String name : new String[] {"status", "status.json", "badblocks", "mapfile"}) {
      Path file = mounted.mountPoint().resolve(name);
      assertThatThrownBy(() -> Files.write(file, new byte[1], StandardOpenOption.WRITE))
          .as(name)
          .isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> Files.createFile(mounted.mountPoint().resolve("new")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void shouldTakeNoWriteWhenMountedReadOnly(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Images.fill(backing, 1);
    bench.mount(backing).umount().orFail();
    String before = Images.hash(backing);
    String spareBefore = Images.hash(Path.of(backing + ".remap"));
    Mounted mounted = bench.mount(backing, "--read-only");

    assertReads(mounted, 0, Images.pattern(1, 0, BLOCK));
    assertThatThrownBy(() -> mounted.write(0, new byte[BLOCK])).isInstanceOf(IOException.class);

    mounted.umount().orFail();
    assertThat(Images.hash(backing)).isEqualTo(before);
    assertThat(Images.hash(Path.of(backing + ".remap"))).isEqualTo(spareBefore);
  }

  private static Mounted withLostBlocks(Workbench bench, int... blocks) {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    Fault[] faults = new Fault[blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      faults[i] = Fault.read((long) blocks[i] * BLOCK, BLOCK);
    }
    disk.faults(faults);
    for (int block : blocks) {
      assertReadFails(mounted, (long) block * BLOCK, BLOCK);
    }
    return mounted;
  }
}
