package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertReads;
import static io.remapfs.it.harness.OtherUser.NOBODY;
import static io.remapfs.it.harness.OtherUser.STRANGER;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Refusal;
import io.remapfs.it.harness.Repository;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code mount --user}: a daemon without root does all that one of root's does. The folders of
 * these tests are root's alone, so that it could open nothing in them a second time.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class DropRootTest {
  private static final long SIZE = 64 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final String USER = "--user=nobody";

  @ParameterizedTest
  @ValueSource(strings = {"threads", "libfuse"})
  void shouldLeaveNoThreadAnythingOfRootsWhenMounted(String session, Workbench bench)
      throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER, "--session=" + session);
    mounted.write(0, new byte[1 << 20]); // libfuse makes threads as it needs them

    Set<String> rights = rightsOfThreads(mounted);

    assertThat(rights)
        .containsExactlyInAnyOrder(
            "Uid: 65534 65534 65534 65534",
            "Gid: 65534 65534 65534 65534",
            "Groups:",
            "CapInh: 0000000000000000",
            "CapPrm: 0000000000000000",
            "CapEff: 0000000000000000",
            "CapAmb: 0000000000000000",
            "NoNewPrivs: 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ring", "uring"})
  void shouldServeByThreadsAndSayWhyWhenARingIsAskedFor(String session, Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER, "--session=" + session);

    assertThat(mounted.status().find("session.kind")).isEqualTo("threads");
    assertThat(mounted.text("status")).contains("threads of a ring would keep root's rights");
  }

  /** The lines on rights in every thread's status, each kind once if they are all alike. */
  private static Set<String> rightsOfThreads(Mounted mounted) throws IOException {
    List<String> prefixes =
        List.of("Uid:", "Gid:", "Groups:", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs:");
    Set<String> rights = new TreeSet<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + mounted.daemonPid() + "/task"))) {
      for (Path task : tasks.toList()) {
        Files.readAllLines(task.resolve("status")).stream()
            .filter(line -> prefixes.stream().anyMatch(line::startsWith))
            .forEach(line -> rights.add(line.strip().replaceAll("\\s+", " ")));
      }
    }
    return rights;
  }

  @Test
  void shouldSayAsWhomItRunsWhenAsked(Workbench bench) {
    Mounted dropped = bench.mount(bench.disk("a.img", SIZE), USER);
    Mounted roots = bench.mount(bench.disk("b.img", SIZE));

    assertThat(dropped.status().find("process.user")).isEqualTo("nobody (uid 65534, gid 65534)");
    assertThat(dropped.status().find("process.privileges"))
        .isEqualTo("no capabilities, none can be gained, memory closed to others");
    assertThat(dropped.status().find("process.memoryLocked"))
        .isEqualTo(roots.status().find("process.memoryLocked"));
    assertThat(roots.status().find("process.user")).isEqualTo("root (uid 0, gid 0)");
    assertThat(roots.text("status")).contains("root's; --user drops them");
  }

  @Test
  void shouldMoveAndRememberBlocksWhenTheyGoBad(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK, USER, "--loop");
    disk.faults(Fault.read(0, BLOCK), Fault.write(8L * BLOCK, 2L * BLOCK));
    byte[] fresh = Images.pattern(2, 8L * BLOCK, 2 * BLOCK);

    assertReadFails(mounted, 0, BLOCK);
    mounted.write(8L * BLOCK, fresh);
    mounted.sync();
    assertThat(mounted.control("remap 20")).contains("\"ok\":true");
    assertThat(Mounted.remapfs("verify", mounted.mountPoint().toString()).exitCode()).isEqualTo(4);

    assertThat(mounted.status().pending()).isEqualTo(1);
    assertThat(mounted.status().remapped()).isEqualTo(3);
    mounted.umount().orFail();
    assertThat(MountTable.loopsBelow(bench.folder())).isEmpty();
    Mounted again =
        bench.mount(disk.image(), "--spare", spare.toString(), "--user", "nobody:nogroup");
    assertReads(again, 8L * BLOCK, fresh);
    assertThat(again.status().remapped()).isEqualTo(3);
  }

  @Test
  void shouldCarryAFileSystemWhenLooped(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER, "--loop");
    Shell.run("mkfs.ext4", "-q", mounted.announced()).orFail();
    Path files = bench.mountFileSystem(mounted.announced());
    Files.write(files.resolve("file"), Images.pattern(1, 0, 5_000_000));
    Shell.run("umount", files.toString()).orFail();
    Shell.run("e2fsck", "-fn", mounted.announced()).orFail();

    mounted.umount().orFail();

    assertThat(mounted.daemonAlive()).isFalse();
    assertThat(MountTable.loopsBelow(bench.folder())).isEmpty();
    assertThat(MountTable.isMounted(mounted.mountPoint())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "libfuse"})
  void shouldUnmountAndDetachWhenToldToStop(String session, Workbench bench) {
    Mounted mounted =
        bench.mount(bench.disk("disk.img", SIZE), USER, "--loop", "--session=" + session);

    mounted.signal("TERM");

    mounted.awaitDaemonGone();
    assertThat(MountTable.isMounted(mounted.mountPoint())).isFalse();
    assertThat(MountTable.loopsBelow(bench.folder())).isEmpty();
    assertThat(Mounted.remapfs("check", bench.path("disk.img").toString()).exitCode()).isZero();
  }

  @Test
  void shouldServeOnWhenToldToStopWithAFileSystemInUse(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER, "--loop");
    Shell.run("mkfs.ext4", "-q", mounted.announced()).orFail();
    Path files = bench.mountFileSystem(mounted.announced());
    mounted.signal("TERM");
    Path log = Path.of(mounted.mountPoint() + ".log");
    Await.until("it says so", () -> Files.readString(log).contains("asked to stop, but"));

    Files.write(files.resolve("file"), Images.pattern(1, 0, 1_000_000));
    Shell.run("sync", "-f", files.toString()).orFail();
    Shell.run("umount", files.toString()).orFail();

    mounted.awaitDaemonGone();
    assertThat(MountTable.isMounted(mounted.mountPoint())).isFalse();
    assertThat(MountTable.loopsBelow(bench.folder())).isEmpty();
  }

  @Test
  void shouldLeaveNoDeadMountWhenKilled(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted mounted = bench.mount(backing, USER, "--loop");
    mounted.write(0, Images.pattern(1, 0, BLOCK));
    mounted.sync();

    mounted.kill9();

    Await.until("unmounted", () -> !MountTable.isMounted(mounted.mountPoint()));
    // By its own name: its file's path is another once the mount is gone.
    Await.until("detached", () -> Shell.run("losetup", mounted.announced()).exitCode() != 0);
    Await.until("helper gone", () -> MountTable.processesNaming(bench.folder()).isEmpty());
    assertReads(bench.mount(backing, USER), 0, Images.pattern(1, 0, BLOCK));
  }

  @Test
  void shouldLeaveNoDeadMountWhenKilledUnderAFileSystem(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted mounted = bench.mount(backing, USER, "--loop");
    Shell.run("mkfs.ext4", "-q", mounted.announced()).orFail();
    Path files = bench.mountFileSystem(mounted.announced());

    mounted.kill9();

    Await.until("unmounted", () -> !MountTable.isMounted(mounted.mountPoint()));
    Shell.run("umount", files.toString()).orFail();
    Await.until("detached", () -> Shell.run("losetup", mounted.announced()).exitCode() != 0);
    Await.until("helper gone", () -> MountTable.processesNaming(bench.folder()).isEmpty());
  }

  /** The helper is root's: another mount at the same place is none of its business. */
  @Test
  void shouldLeaveWhatIsMountedOverItWhenKilled(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER);
    Shell.run("mount", "-t", "tmpfs", "none", mounted.mountPoint().toString()).orFail();
    bench.keep(() -> Shell.run("umount", mounted.mountPoint().toString()));

    mounted.kill9();

    Await.until("helper gone", () -> MountTable.processesNaming(bench.folder()).isEmpty());
    assertThat(Shell.run("findmnt", "-no", "FSTYPE", mounted.mountPoint().toString()).stdout())
        .contains("tmpfs");
    Shell.run("umount", mounted.mountPoint().toString()).orFail();
  }

  @Test
  void shouldShowItsMemoryToNobodyWhenTheUserHasOtherProcesses(Workbench bench) {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER);
    String process = "/proc/" + mounted.daemonPid() + "/";

    for (String secret : new String[] {"mem", "environ", "maps", "fd/0", "auxv"}) {
      assertThat(NOBODY.run("head", "-c1", process + secret).stderr())
          .as(secret)
          .contains("Permission denied");
    }
    assertThat(NOBODY.run("ls", process + "fd").stderr()).contains("Permission denied");
    assertThat(MountTable.commandLine(mounted.daemonPid())).contains("-XX:+DisableAttachMechanism");
  }

  @Test
  void shouldTakeCommandsOfRootAndItsUserOnlyWhenOthersWereLetIn(Workbench bench)
      throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER, "--allow-other");
    Refusal.openToOthers(bench);

    assertThat(NOBODY.control(mounted.mountPoint(), "status").stdout()).contains("\"ok\":true");
    assertThat(mounted.control("status")).contains("\"ok\":true");
    assertThat(STRANGER.control(mounted.mountPoint(), "status").stderr())
        .contains("Permission denied");
    assertThat(STRANGER.control(mounted.mountPoint(), "status", "dac_override").exitCode())
        .isNotZero();
    assertThat(STRANGER.mayRead(mounted.image())).isFalse();
    assertThat(NOBODY.mayRead(mounted.image())).isTrue();
  }

  @Test
  void shouldNotLetItsUserUnmountWhenRootMounted(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), USER, "--allow-other");
    Refusal.openToOthers(bench);

    Shell.Result result =
        NOBODY.run(
            Mounted.command("umount", mounted.mountPoint().toString()).toArray(String[]::new));

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(Refusal.REFUSED);
    assertThat(result.stderr()).contains("may only be unmounted by root");
    assertThat(mounted.daemonAlive()).isTrue();
  }

  @Test
  void shouldServeAndEndWhenInTheForeground(Workbench bench) throws Exception {
    Path mountPoint = bench.folder("mount");
    Path backing = bench.disk("disk.img", SIZE);
    List<String> command =
        Mounted.command(
            "mount", "--foreground", "--user", "1:1", backing.toString(), mountPoint.toString());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(bench.path("foreground.log").toFile())
            .start();
    try {
      Await.until("mounted", () -> Files.exists(mountPoint.resolve("image")));
      Await.until(
          "dropped",
          () -> Files.readString(mountPoint.resolve("status")).contains("no capabilities"));

      process.destroy();

      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(MountTable.isMounted(mountPoint)).isFalse();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "no-such-user, there is no user no-such-user",
    "nobody:no-such-group, there is no group no-such-group",
    "root, would keep root's user",
    "0, would keep root's user",
    "nobody:0, would keep root's group",
    "54321, its group must be named",
    "4294967295:1, too large",
    "a:b:c, not understood"
  })
  void shouldRefuseAndChangeNothingWhenTheUserIsNone(
      String user, String sentence, Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");

    Refusal.refuses(bench, Refusal.USAGE, sentence, "mount", "--user", user, backing, mountPoint);
  }

  @Test
  void shouldRefuseAndChangeNothingWhenNotRoot(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Shell.run("chown", "-R", "nobody", bench.folder().toString()).orFail();
    Refusal.openToOthers(bench);

    Refusal.refusesCommand(
        bench,
        Refusal.REFUSED,
        "--user is for root",
        Refusal.asNobody("mount", "--user", "daemon", backing.toString(), mountPoint.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"setuid", "setgid"})
  void shouldRefuseAndChangeNothingWhenTheContainerForbidsIt(String capability, Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    List<String> command = new ArrayList<>(List.of("setpriv", "--bounding-set=-" + capability));
    command.addAll(Mounted.command("mount", USER, backing.toString(), mountPoint.toString()));

    Refusal.refusesCommand(bench, Refusal.REFUSED, "may not change its user", command);
  }

  /** The launcher sees to it before the JVM begins; whoever goes past it must, too. */
  @Test
  void shouldRefuseAndChangeNothingWhenPrivilegesCouldBeRegained(Workbench bench)
      throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Path jar = Repository.root().resolve("packaging/target/dist/current/remapfs-entry.jar");

    // Not by the launcher, which would see to it, and chooses these flags.
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(
        List.of(
            "-jar",
            jar.toRealPath().toString(),
            "mount",
            USER,
            backing.toString(),
            mountPoint.toString()));

    Refusal.refusesCommand(bench, Refusal.REFUSED, "setpriv --no-new-privs", command);
  }
}
