package io.remapfs.it.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A mount that is used inside its own container. */
@Tag("integration")
@Tag("docker")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith({NeedsEngine.class, LeavesNoTrace.class})
final class DockerMountTest {
  private static final long SIZE = 64 * Images.MIB;

  @Test
  void shouldReadBackWhatIsWrittenWhenMountedInside(Workbench bench) throws Exception {
    Path backing = bench.disk("disk.img", SIZE);
    Images.fill(backing, 1);
    RemapfsContainer.format(backing, "spare-mount");
    RemapfsContainer container =
        bench.keep(RemapfsContainer.of(backing, "spare-mount").startServing());

    assertThat(container.hash(RemapfsContainer.IMAGE)).isEqualTo(Images.hash(backing));
    container.script(
        "dd if=/dev/urandom of=/tmp/written bs=1M count=8 status=none;"
            + " dd if=/tmp/written of=%s bs=1M seek=16 conv=notrunc,fsync status=none"
                .formatted(RemapfsContainer.IMAGE));
    String written = container.hash("/tmp/written");
    container.script(
        "dd if=%s of=/tmp/read bs=1M skip=16 count=8 status=none"
            .formatted(RemapfsContainer.IMAGE));

    assertThat(container.hash("/tmp/read")).isEqualTo(written);
    container.stopInOrder();
    assertThat(Images.read(backing, 0, 1 << 20)).isEqualTo(Images.pattern(1, 0, 1 << 20));
    Path part = bench.path("part");
    Files.write(part, Images.read(backing, 16 * Images.MIB, 8 << 20));
    assertThat(Images.hash(part)).isEqualTo(written);
  }

  @Test
  void shouldHoldAFileSystemWhenLoopedInside(Workbench bench) {
    Path folder = bench.folder("shared");
    Path backing = bench.disk("disk.img", SIZE);
    RemapfsContainer.format(backing, "spare-loop");
    // The folder has the same name inside: a loop device that a killed run leaves is known by it.
    Path disk = bench.folder("shared/disk");
    RemapfsContainer container =
        bench.keep(
            RemapfsContainer.of(backing, "spare-loop")
                .withFolder(folder, folder.toString())
                .withLoopDevices()
                .withCommand(
                    "mount",
                    "--foreground",
                    "--spare",
                    RemapfsContainer.SPARE,
                    RemapfsContainer.BACKING,
                    disk.toString())
                .startServing(disk + "/image"));
    container.makeLoopNodes();

    String sum =
        container.script(
            ("loop=$(losetup --find --show --direct-io=on '%s/image'); mkfs.ext4 -q $loop;"
                    + " mount $loop /mnt; dd if=/dev/urandom of=/mnt/file bs=1M count=20 status=none;"
                    + " sync; sha256sum </mnt/file; umount /mnt; losetup --detach $loop")
                .formatted(disk));

    container.stopInOrder();
    assertThat(container.exitCode()).isZero();
    try (LoopDevice loop = LoopDevice.attach(backing)) {
      Path files = bench.mountFileSystem(loop.device(), "-o", "ro");
      assertThat(sum).startsWith(Images.hash(files.resolve("file")));
      Shell.run("umount", files.toString()).orFail();
    }
  }

  @Test
  void shouldServeWhenTheContainerMayNotWriteToItsOwnFiles(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Images.fill(backing, 2);
    RemapfsContainer.format(backing, "spare-readonly");

    RemapfsContainer container =
        bench.keep(
            RemapfsContainer.of(backing, "spare-readonly").withReadOnlyRoot().startServing());

    assertThat(container.hash(RemapfsContainer.IMAGE)).isEqualTo(Images.hash(backing));
  }

  @Test
  void shouldBeHealthyWhenTheDiskIs(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    RemapfsContainer.format(backing, "spare-health");

    RemapfsContainer container =
        bench.keep(
            RemapfsContainer.of(backing, "spare-health").withFrequentHealthChecks().startServing());

    Await.until("healthy", () -> container.health().equals("healthy"));
  }
}
