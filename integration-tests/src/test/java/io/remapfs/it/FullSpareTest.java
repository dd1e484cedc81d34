package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertWriteFails;
import static io.remapfs.it.harness.Refusal.REFUSED;
import static io.remapfs.it.harness.Refusal.assertOneSentence;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A sparse spare on a file system that fills up. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class FullSpareTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long AT = 10L * BLOCK;
  private static final long OLD = 1;
  private static final long NEW = 2;

  private static Path fill(Path fileSystem) throws IOException {
    Path filler = fileSystem.resolve("filler");
    try (OutputStream out = Files.newOutputStream(filler)) {
      byte[] page = new byte[BLOCK];
      assertThatThrownBy(
              () -> {
                while (true) {
                  out.write(page);
                }
              })
          .hasMessageContaining("No space left");
    }
    return filler;
  }

  @Test
  void shouldAcknowledgeNoMoveWhileTheFileSystemIsFullAndGoOnWhenItIsNot(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path tmpfs = bench.mountFileSystem("none", "-t", "tmpfs", "-o", "size=24m");
    Path spare = Images.sparse(tmpfs.resolve("spare.img"), SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK);
    disk.faults(Fault.write(AT, 300 * BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    long used = mounted.status().spareUsed();
    Path filler = fill(tmpfs);

    // Slots that share a page with one in use need no space; the next group's do.
    int moved = 1;
    while (moved < 300 && writes(mounted, AT + (long) moved * BLOCK)) {
      moved++;
    }
    assertThat(moved).as("it filled up").isLessThan(300);
    long failing = AT + (long) moved * BLOCK;
    for (int i = 0; i < 5; i++) {
      assertWriteFails(mounted, failing, Images.pattern(NEW, failing, BLOCK));
    }

    assertThat(mounted.status().state()).isEqualTo("EMERGENCY");
    assertThat(String.valueOf(mounted.status().find("reason"))).contains("ENOSPC");
    assertThat(Mounted.remapfs("status", mounted.mountPoint().toString()).exitCode()).isEqualTo(4);
    assertThat(mounted.status().spareUsed()).isEqualTo(used + moved - 1);
    assertThat(mounted.status().spareBurnt()).isZero();
    assertThat(mounted.text("events"))
        .containsOnlyOnce("\"kind\":\"EMERGENCY\"")
        .doesNotContain("METADATA_COPY_LOST");
    assertPattern(mounted, NEW, AT, moved * BLOCK);
    assertPattern(mounted, OLD, failing, BLOCK);

    Files.delete(filler);
    Await.until("noticed by itself", () -> mounted.status().state().equals("HEALTHY"));
    mounted.write(failing, Images.pattern(NEW, failing, BLOCK));
    assertPattern(mounted, NEW, AT, (moved + 1) * BLOCK);
    mounted.umount().orFail();
    Mounted again = bench.mount(disk.image(), "--spare", spare.toString());
    assertPattern(again, NEW, AT, (moved + 1) * BLOCK);
  }

  private static boolean writes(Mounted mounted, long byteOffset) {
    try {
      mounted.write(byteOffset, Images.pattern(NEW, byteOffset, BLOCK));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void shouldKeepTheJournalsPlaceWhenTheFileSystemIsFullFromTheStart(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path tmpfs = bench.mountFileSystem("none", "-t", "tmpfs", "-o", "size=24m");
    Path spare = Images.sparse(tmpfs.resolve("spare.img"), SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK);
    fill(tmpfs);

    // Noting lost blocks needs the journal and no slot.
    for (int i = 0; i < 100; i++) {
      disk.faults(Fault.read(AT + (long) i * BLOCK, BLOCK));
      long place = AT + (long) i * BLOCK;
      assertThatThrownBy(() -> mounted.read(place, BLOCK)).isInstanceOf(IOException.class);
    }

    assertThat(mounted.status().pending()).isEqualTo(100);
    assertThat(mounted.status().state()).isEqualTo("DEGRADED");
    assertThat(mounted.text("events")).doesNotContain("METADATA_COPY_LOST", "EMERGENCY");
    mounted.umount().orFail();
    assertThat(bench.mount(disk.image(), "--spare", spare.toString()).status().pending())
        .isEqualTo(100);
  }

  @Test
  void shouldRefuseToFormatWhenThereIsNoRoomForTheMetadata(Workbench bench) throws IOException {
    Path disk = bench.disk("disk.img", SIZE);
    Path tmpfs = bench.mountFileSystem("none", "-t", "tmpfs", "-o", "size=20m");
    Path there = Images.sparse(tmpfs.resolve("there.img"), SIZE);
    fill(tmpfs);

    Path made = tmpfs.resolve("new.img");
    refusesToFormat(there, disk.toString(), "--spare", there.toString());
    refusesToFormat(made, disk.toString(), "--spare", made.toString(), "--spare-size", "16M");
    assertThat(tmpfs.resolve("new.img")).doesNotExist();
    assertThat(tmpfs.resolve("new.img.new")).doesNotExist();
  }

  private static void refusesToFormat(Path spare, String... arguments) {
    List<String> command = new ArrayList<>(List.of("format"));
    command.addAll(List.of(arguments));
    Shell.Result result = Mounted.remapfs(command.toArray(String[]::new));
    assertThat(result.exitCode()).as(result.toString()).isEqualTo(REFUSED);
    assertOneSentence(result);
    assertThat(result.stderr()).contains("no room for the spare " + spare);
  }
}
