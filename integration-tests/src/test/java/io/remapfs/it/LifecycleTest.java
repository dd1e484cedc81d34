package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertReads;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Status;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From mount to umount: what is there, what is said, and that nothing stays. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class LifecycleTest {
  private static final long SIZE = 64 * Images.MIB;

  @Test
  void shouldJustWorkWhenARegularFileHasNoSpareNamed(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted mounted = bench.mount(backing);
    mounted.write(12345, Images.pattern(1, 12345, 100_000));
    mounted.sync();

    assertReads(mounted, 12345, Images.pattern(1, 12345, 100_000));
    assertThat(Files.size(mounted.image())).isEqualTo(SIZE);
    assertThat(Files.size(Path.of(backing + ".remap"))).isEqualTo(16 * Images.MIB);
    mounted.umount().orFail();
    assertThat(Images.read(backing, 12345, 100_000)).isEqualTo(Images.pattern(1, 12345, 100_000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "ring", "uring", "libfuse"})
  void shouldServeAndSayWhichSessionWhenOneIsChosen(String session, Workbench bench)
      throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), "--session=" + session);

    mounted.write(4000, Images.pattern(1, 4000, 2_000_000));

    assertReads(mounted, 4000, Images.pattern(1, 4000, 2_000_000));
    assertThat(mounted.status().find("session.kind")).isEqualTo(session);
  }

  /**
   * 77 MiB with Java 17 and 82 MiB with 25; 144 MiB before the JVM's flags and our buffers were
   * chosen.
   */
  @Test
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void shouldStaySmallWhenIdleAndLocked(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    Await.until(
        "at most 100 MiB resident",
        Duration.ofSeconds(90), // On a slow machine the JVM compiles for half a minute.
        () -> mounted.status().number("process.rssBytes") <= 100 * Images.MIB);
    assertThat(mounted.status().find("process.memoryLocked")).isEqualTo(true);
  }

  @Test
  void shouldHaveEveryRequiredKeyWhenStatusJsonIsRead(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));
    mounted.write(0, new byte[4096]);
    mounted.read(0, 4096);
    Status status = mounted.status();

    assertThat(status.state()).isEqualTo("HEALTHY");
    assertThat(status.number("image.sizeBytes")).isEqualTo(SIZE);
    assertThat(status.number("image.blockSize")).isEqualTo(4096);
    for (String key :
        new String[] {
          "blocks.remapped",
          "blocks.pending",
          "blocks.salvaged",
          "spare.used",
          "spare.burnt",
          "io.readErrors",
          "io.writeErrors"
        }) {
      assertThat(status.number(key)).as(key).isZero();
    }
    assertThat(status.number("spare.slots")).isPositive().isEqualTo(status.number("spare.free"));
    assertThat(status.number("io.reads")).isPositive();
    assertThat(status.number("io.writes")).isPositive();
    assertThat(status.number("session.workers")).isPositive();
    assertThat(status.number("process.pid")).isEqualTo(mounted.daemonPid());
    assertThat(status.number("process.rssBytes")).isPositive();
    assertThat(Files.size(mounted.mountPoint().resolve("status.json"))).isPositive();
    assertThat(mounted.text("status")).contains("HEALTHY");
  }

  @Test
  void shouldAgreeWithTheFileWhenStatusIsAskedByTheCommand(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    Shell.Result result =
        Mounted.remapfs("status", "--json", mounted.mountPoint().toString()).orFail();

    assertThat(Status.parse(result.stdout()).number("process.pid")).isEqualTo(mounted.daemonPid());
  }

  @Test
  void shouldLeaveNoProcessWhenUmountReturns(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    mounted.umount().orFail();

    assertThat(mounted.daemonAlive()).isFalse();
    assertThat(MountTable.isMounted(mounted.mountPoint())).isFalse();
  }

  @Test
  void shouldDetachItsLoopDeviceWhenUmountReturns(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), "--loop");
    assertThat(mounted.announced()).matches("/dev/loop\\d+");
    assertThat(Shell.run("losetup", "-nO", "DIO", mounted.announced()).orFail().stdout().trim())
        .isEqualTo("1");

    mounted.umount().orFail();

    assertThat(MountTable.loopsBelow(bench.folder())).isEmpty();
    assertThat(mounted.daemonAlive()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void shouldEndCleanlyWhenSignalled(String signal, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, 4096);
    disk.faults(Fault.both(8192, 4096));
    mounted.write(8192, Images.pattern(2, 8192, 4096));

    mounted.signal(signal);
    mounted.awaitDaemonGone();

    assertThat(MountTable.isMounted(mounted.mountPoint())).isFalse();
    Mounted.remapfs("check", spare.toString()).orFail();
    Mounted again = bench.mount(disk.image(), "--spare", spare.toString());
    assertReads(again, 8192, Images.pattern(2, 8192, 4096));
  }

  @Test
  void shouldStayInTheForegroundWhenAskedTo(Workbench bench) throws Exception {
    Path mountPoint = bench.folder("mount");
    Path backing = bench.disk("disk.img", SIZE);
    Process process =
        new ProcessBuilder(
                Mounted.command("mount", "--foreground", backing.toString(), mountPoint.toString()))
            .redirectErrorStream(true)
            .redirectOutput(bench.path("foreground.log").toFile())
            .start();
    try {
      Await.until("mounted", () -> Files.exists(mountPoint.resolve("image")));

      process.destroy();

      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(MountTable.isMounted(mountPoint)).isFalse();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Test
  void shouldRefuseToUnmountWhenTheImageIsInUse(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));
    try (var held = Files.newByteChannel(mounted.image())) {
      Shell.Result result = mounted.umount();

      assertThat(result.exitCode()).isNotZero();
      assertThat(mounted.daemonAlive()).isTrue();
      assertThat(held.isOpen()).isTrue();
    }
    mounted.umount().orFail();
  }

  @Test
  void shouldTakeOverWhenTheHolderOfTheLockIsDead(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted first = bench.mount(backing);
    first.write(0, Images.pattern(1, 0, 4096));
    first.sync();
    first.kill9();

    Mounted second = bench.mount(backing);

    assertReads(second, 0, Images.pattern(1, 0, 4096));
  }

  @Test
  void shouldOpenControlToTheDaemonsUserOnlyWhenMounted(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(mounted.mountPoint().resolve("control"))))
        .isEqualTo("rw-------");
  }

  @Test
  void shouldAnswerAndGoOnWhenControlGetsRubbish(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));
    mounted.write(0, Images.pattern(1, 0, 4096));
    String before = Images.hash(mounted.image());

    assertThat(mounted.control("rubbish")).contains("error");
    assertThat(mounted.control(new byte[] {0, 1, (byte) 0xff, (byte) 0xfe, 10})).contains("error");
    assertThat(mounted.control("remap 99999999999999999999")).contains("error");
    assertThat(mounted.control("remap -1")).contains("error");
    assertThatCode(() -> mounted.control(new byte[1 << 20]))
        .satisfiesAnyOf(
            none -> assertThat(none).isNull(),
            refused -> assertThat(refused).isInstanceOf(IOException.class));

    assertThat(Images.hash(mounted.image())).isEqualTo(before);
    assertThat(mounted.status().remapped()).isZero();
  }
}
