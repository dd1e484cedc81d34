package io.remapfs.it.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.AccessMode;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Containers that come and go over one disk, and what the host sees of their mounts. */
@Tag("integration")
@Tag("docker")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith({NeedsEngine.class, LeavesNoTrace.class})
final class DockerLifecycleTest {
  private static final long SIZE = 64 * Images.MIB;

  /** A folder whose mounts go both ways between host and container, with a place for the disk. */
  private static Path shared(Workbench bench) {
    Path shared = bench.folder("shared");
    bench.folder("shared/disk");
    Shell.run("mount", "--bind", shared.toString(), shared.toString()).orFail();
    bench.keep(
        () ->
            MountTable.mountsBelow(shared)
                .forEach(mount -> Shell.run("umount", "--lazy", mount.toString()).orFail()));
    Shell.run("mount", "--make-rshared", shared.toString()).orFail();
    return shared;
  }

  @Test
  void shouldOfferTheImageToTheHostWhenTheFolderIsShared(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path shared = shared(bench);
    Path disk = shared.resolve("disk");
    RemapfsContainer.format(backing, "spare-shared");
    RemapfsContainer container =
        bench.keep(
            RemapfsContainer.of(backing, "spare-shared").withSharedFolder(shared).startServing());

    String sum;
    try (LoopDevice loop = LoopDevice.attach(disk.resolve("image"))) {
      Shell.run("mkfs.ext4", "-q", loop.device()).orFail();
      Path files = bench.mountFileSystem(loop.device());
      Files.write(files.resolve("file"), Images.pattern(3, 0, 4 << 20));
      sum = Images.hash(files.resolve("file"));
      Shell.run("umount", files.toString()).orFail();
    }
    container.stopInOrder();

    assertThat(container.exitCode()).isZero();
    assertThat(MountTable.isMounted(disk)).isFalse();
    try (LoopDevice loop = LoopDevice.attach(backing)) {
      Path files = bench.mountFileSystem(loop.device(), "-o", "ro");
      assertThat(Images.hash(files.resolve("file"))).isEqualTo(sum);
      Shell.run("umount", files.toString()).orFail();
    }
  }

  @Test
  void shouldUnmountInOrderWhenStoppedAndGoOnWhenStartedOnTheSameVolume(Workbench bench)
      throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    RemapfsContainer.format(backing, "spare-stop");
    RemapfsContainer first = bench.keep(RemapfsContainer.of(backing, "spare-stop").startServing());
    // Block 256 is moved, so what is written to it lies in the volume and nowhere else.
    first.script("remapfs remap %s 256".formatted(RemapfsContainer.DISK));
    first.script(
        "dd if=/dev/urandom of=/tmp/new bs=64K count=1 status=none;"
            + " dd if=/tmp/new of=%1$s bs=64K seek=16 conv=notrunc status=none"
                .formatted(RemapfsContainer.IMAGE));
    String written = first.hash("/tmp/new");

    Duration took = first.stopInOrder();

    assertThat(first.exitCode()).as(first.getLogs()).isZero();
    assertThat(took).isLessThan(Duration.ofSeconds(8)); // of the ten before Docker kills
    assertThat(first.getLogs()).doesNotContain("Exception", "\tat ");
    try (RemapfsContainer check =
        new RemapfsContainer().withDisk(backing, "spare-stop", AccessMode.ro)) {
      check.withCommand("check", RemapfsContainer.SPARE);
      assertThat(check.runToEnd().orFail().stdout())
          .contains("closed cleanly")
          .doesNotContain("not closed");
    }

    RemapfsContainer second = bench.keep(RemapfsContainer.of(backing, "spare-stop").startServing());
    assertThat(second.status().remapped()).isEqualTo(1);
    assertThat(
            second.script(
                "dd if=%s bs=64K skip=16 count=1 status=none | sha256sum"
                    .formatted(RemapfsContainer.IMAGE)))
        .startsWith(written);
  }

  @Test
  void shouldClearTheDeadMountAndKeepTheDataWhenKilledAndStarted(Workbench bench)
      throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path shared = shared(bench);
    Path disk = shared.resolve("disk");
    RemapfsContainer.format(backing, "spare-kill");
    RemapfsContainer container =
        bench.keep(
            RemapfsContainer.of(backing, "spare-kill").withSharedFolder(shared).startServing());
    container.script("remapfs remap %s 256".formatted(RemapfsContainer.DISK));
    Images.write(disk.resolve("image"), Images.MIB, Images.pattern(4, 0, 1 << 16));
    Images.sync(disk.resolve("image"));

    container.killAtOnce();

    assertThat(container.exitCode()).isEqualTo(137);
    assertThat(MountTable.isMounted(disk)).as("the dead mount stays on the host").isTrue();
    assertThat(Files.exists(disk.resolve("image"))).isFalse();
    container.startAgain();
    assertThat(Images.read(disk.resolve("image"), Images.MIB, 1 << 16))
        .isEqualTo(Images.pattern(4, 0, 1 << 16));
    assertThat(MountTable.mountsBelow(disk)).containsExactly(disk);
    assertThat(container.status().remapped()).isEqualTo(1);
    container.stopInOrder();
    assertThat(container.exitCode()).as(container.getLogs()).isZero();
    assertThat(MountTable.isMounted(disk)).isFalse();
    assertThat(container.getLogs()).doesNotContain("Exception", "\tat ");
  }
}
