package io.remapfs.it.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDiskPlugin;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A disk that goes bad, nbdkit's in the same container, under the image's own mount. */
@Tag("integration")
@Tag("docker")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith({NeedsEngine.class, LeavesNoTrace.class})
final class DockerBadDiskTest {
  private static final long SIZE = 32 * Images.MIB;
  private static final String SPARE = "/work/spare.img";

  /** Starts the disk, makes its spare, and then is remapfs, as the image's own entry point is. */
  private static final String DISK_AND_MOUNT =
      """
      mkdir -p /bad
      nbdfuse -P /run/nbdfuse.pid /bad/disk.img --socket-activation \
        nbdkit --exit-with-parent /work/plugin.so file=/work/store.img faults=/work/faults &
      until [[ -s /run/nbdfuse.pid && -s /bad/disk.img ]]; do sleep 0.05; done
      remapfs format /bad/disk.img --spare %1$s
      exec remapfs mount --foreground --spare %1$s /bad/disk.img %2$s
      """
          .formatted(SPARE, RemapfsContainer.DISK);

  private static RemapfsContainer onFailingDisk(Workbench bench) throws IOException {
    Path work = bench.folder("work");
    Images.fill(Images.sparse(work.resolve("store.img"), SIZE), 1);
    Files.writeString(work.resolve("faults"), "");
    Files.copy(FailingDiskPlugin.built(), work.resolve("plugin.so"));
    return bench.keep(
        new RemapfsContainer()
            .withFolder(work, "/work")
            .withFuse()
            .withMountRights()
            .withCreateContainerCmdModifier(command -> command.withEntrypoint("bash", "-euc"))
            .withCommand(new String[] {DISK_AND_MOUNT}));
  }

  private static void setFaults(Workbench bench, String lines) throws IOException {
    Path next = bench.path("work/faults.next");
    Files.writeString(next, lines);
    Files.move(next, bench.path("work/faults"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void shouldMoveTheBlocksWhenTheyGoBad(Workbench bench) throws IOException {
    RemapfsContainer container = onFailingDisk(bench).startServing();
    // Two blocks refuse to be written, one can only be read sector by sector.
    setFaults(bench, "1048576 8192 rw\n4194304 4096 r over=512\n");

    container.script(
        "dd if=/dev/urandom of=/tmp/new bs=64K count=1 status=none;"
            + " dd if=/tmp/new of=%1$s bs=64K seek=16 conv=notrunc,fsync status=none;"
                .formatted(RemapfsContainer.IMAGE));
    String read =
        container.script(
            "dd if=%1$s bs=64K skip=16 count=1 status=none | sha256sum"
                .formatted(RemapfsContainer.IMAGE));
    String salvaged =
        container.script(
            "dd if=%1$s bs=4K skip=1024 count=1 status=none | sha256sum"
                .formatted(RemapfsContainer.IMAGE));

    assertThat(read).startsWith(container.hash("/tmp/new"));
    Path expected = bench.path("expected");
    Files.write(expected, Images.pattern(1, 4 * Images.MIB, 4096));
    assertThat(salvaged).startsWith(Images.hash(expected));
    assertThat(container.status().remapped()).isEqualTo(3);
    assertThat(container.status().salvaged()).isEqualTo(1);
    assertThat(container.status().pending()).isZero();
    assertThat(container.getLogs()).doesNotContain("Exception", "\tat ");
  }

  @Test
  void shouldGiveAnErrorAndNameTheBlockWhenItIsLost(Workbench bench) throws IOException {
    RemapfsContainer container = onFailingDisk(bench).startServing();
    setFaults(bench, "1048576 4096 rw\n");

    Shell.Result read =
        container.run(
            "dd", "if=" + RemapfsContainer.IMAGE, "of=/dev/null", "bs=4K", "skip=256", "count=1");

    assertThat(read.exitCode()).isNotZero();
    assertThat(read.stderr()).contains("Input/output error");
    assertThat(container.script("cat " + RemapfsContainer.DISK + "/badblocks")).isEqualTo("256");
    assertThat(container.getLogs()).doesNotContain("Exception", "\tat ");
  }

  @Test
  void shouldBeUnhealthyWhenTheDiskDoesNotAnswer(Workbench bench) throws IOException {
    RemapfsContainer container = onFailingDisk(bench).withFrequentHealthChecks().startServing();
    Await.until("healthy", () -> container.health().equals("healthy"));
    setFaults(bench, "all rw errno=ESHUTDOWN\n");

    container.run("dd", "if=" + RemapfsContainer.IMAGE, "of=/dev/null", "bs=4K", "count=1");

    assertThat(container.status().state()).isEqualTo("SUSPENDED");
    Await.until("unhealthy", () -> container.health().equals("unhealthy"));
  }
}
