package io.remapfs.it;

import static io.remapfs.it.harness.Refusal.REFUSED;
import static io.remapfs.it.harness.Refusal.USAGE;
import static io.remapfs.it.harness.Refusal.asNobody;
import static io.remapfs.it.harness.Refusal.assertOneSentence;
import static io.remapfs.it.harness.Refusal.openToOthers;
import static io.remapfs.it.harness.Refusal.refuses;
import static io.remapfs.it.harness.Refusal.refusesCommand;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Repository;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused because of where, how or by whom it was asked for. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BadEnvironmentTest {
  private static final long SIZE = 64 * Images.MIB;

  @Test
  void shouldRefuseWhenTheBackingCannotBeReadByTheUser(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Files.setPosixFilePermissions(backing, PosixFilePermissions.fromString("---------"));
    Path mountPoint = bench.folder("mount");
    openToOthers(bench);

    refusesCommand(
        bench,
        REFUSED,
        "permission",
        withFuseForAll(bench, asNobody("mount", backing.toString(), mountPoint.toString())));
  }

  @Test
  void shouldRefuseWhenTheUserMayNotWriteToTheBacking(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Files.setPosixFilePermissions(backing, PosixFilePermissions.fromString("r--r--r--"));
    Path mountPoint = bench.folder("mount");
    openToOthers(bench);

    refusesCommand(
        bench,
        REFUSED,
        "permission",
        withFuseForAll(bench, asNobody("mount", backing.toString(), mountPoint.toString())));
  }

  @ParameterizedTest
  @CsvSource({"--io=sideways", "--no-such-option", "--session=carrier-pigeon", "--block-size=1000"})
  void shouldRefuseWhenAnOptionIsUnknownOrWrong(String option, Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);

    Shell.Result result =
        refuses(bench, USAGE, "", "mount", option, backing, bench.folder("mount"));

    assertThat(result.stderr()).contains(option.split("=")[0].substring(2));
  }

  @Test
  void shouldRefuseWhenTheCommandIsUnknown(Workbench bench) {
    refuses(bench, USAGE, "frobnicate", "frobnicate");
  }

  @Test
  void shouldRefuseWhenTheMountPointIsMissing(Workbench bench) {
    refuses(bench, USAGE, "nowhere", "mount", bench.disk("disk.img", SIZE), bench.path("nowhere"));
  }

  @Test
  void shouldRefuseWhenTheMountPointIsAFile(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    refuses(bench, USAGE, "directory", "mount", backing, bench.disk("file", 5));
  }

  @Test
  void shouldRefuseWhenTheMountPointIsNotEmpty(Workbench bench) throws IOException {
    Path mountPoint = bench.folder("mount");
    Files.writeString(mountPoint.resolve("precious"), "mine");

    refuses(bench, USAGE, "not empty", "mount", bench.disk("disk.img", SIZE), mountPoint);
  }

  @Test
  void shouldSayHowADeadMountIsClearedAndClearItWhenAskedTo(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted dead = bench.mount(backing);
    dead.write(0, Images.pattern(1, 0, 4096));
    dead.kill9();

    Shell.Result result =
        Mounted.remapfs("mount", backing.toString(), dead.mountPoint().toString());
    assertThat(result.exitCode()).isEqualTo(REFUSED);
    assertOneSentence(result);
    assertThat(result.stderr()).contains("--clear-stale");

    Mounted again = bench.keep(Mounted.mount(backing, dead.mountPoint(), "--clear-stale"));
    assertThat(again.read(0, 4096)).isEqualTo(Images.pattern(1, 0, 4096));
    again.umount().orFail();
    assertThat(MountTable.isMounted(dead.mountPoint())).isFalse();
  }

  @Test
  void shouldRefuseToUnmountWhenItIsNoMountOfOurs(Workbench bench) {
    refuses(bench, REFUSED, "folder", "umount", bench.folder("folder"));
    refuses(bench, REFUSED, "folder", "status", bench.folder("folder"));
  }

  @Test
  void shouldRefuseWhenThereIsNoDevFuse(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Path devices = bench.folder("devices");
    // A /dev of its own, in a mount name space of its own, with everything but fuse.
    String script =
        "mount --bind /dev %1$s && mount -t tmpfs none /dev && for d in null zero random urandom tty; do"
            + " : >/dev/$d && mount --bind %1$s/$d /dev/$d || exit 9; done;"
            + " ln -s /proc/self/fd /dev/fd; exec %2$s mount %3$s %4$s";

    refusesCommand(
        bench,
        REFUSED,
        "/dev/fuse",
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            script.formatted(devices, Repository.launcher(), backing, mountPoint)));
  }

  @ParameterizedTest
  @CsvSource({"c 1 3, not the kernel's FUSE device", "b 10 229, cannot be opened"})
  void shouldRefuseAndChangeNothingWhenDevFuseIsOfNoUse(
      String node, String mentioned, Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Mounted.remapfs("format", backing.toString()).orFail();
    Path mountPoint = bench.folder("mount");
    String script =
        "mknod %1$s %2$s && mount --bind %1$s /dev/fuse && rm %1$s && exec %3$s "
            .formatted(bench.path("node"), node, Repository.launcher());
    List<String> inOwnNamespace = List.of("unshare", "-m", "sh", "-c");

    List<String> mount = new ArrayList<>(inOwnNamespace);
    mount.add(script + "mount " + backing + " " + mountPoint);
    refusesCommand(bench, REFUSED, mentioned, mount);

    List<String> doctor = new ArrayList<>(inOwnNamespace);
    doctor.add(script + "doctor");
    Shell.Result told = Shell.run(doctor.toArray(String[]::new));
    assertThat(told.exitCode()).isEqualTo(REFUSED);
    assertThat(told.stdout()).containsPattern("missing.*/dev/fuse.*" + mentioned);
  }

  @Test
  void shouldLeaveTheSpareAsItWasWhenLibfuseCannotMount(Workbench bench) throws IOException {
    // mount(2) takes no source of a page; open(2) takes such a path.
    Path deep = bench.folder();
    while (deep.toString().length() < 3800) {
      deep = Files.createDirectory(deep.resolve("d".repeat(200)));
    }
    Path backing = deep.resolve("i".repeat(4094 - deep.toString().length() - 1));
    Images.sparse(backing, SIZE);
    Path spare = bench.path("spare.img");
    Mounted.remapfs("format", backing.toString(), "--spare", spare.toString()).orFail();
    String before = Images.hash(spare);

    Shell.Result result =
        Mounted.remapfs(
            "mount",
            "--spare",
            spare.toString(),
            backing.toString(),
            bench.folder("mount").toString());

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(REFUSED);
    assertThat(result.stderr()).contains("remapfs: libfuse could not mount");
    assertThat(Images.hash(spare)).as("the spare is as it was").isEqualTo(before);
  }

  @Test
  void shouldRefuseWhenThereIsNoLibfuse(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Path empty = bench.disk("no-library", 0);
    StringBuilder script = new StringBuilder();
    for (String library :
        Shell.run("sh", "-c", "ldconfig -p | sed -n 's/.*libfuse\\.so.* => //p'")
            .stdout()
            .lines()
            .toList()) {
      script.append("mount --bind %s %s && ".formatted(empty, Path.of(library).toRealPath()));
    }
    script.append("exec %s mount %s %s".formatted(Repository.launcher(), backing, mountPoint));

    refusesCommand(
        bench, REFUSED, "libfuse", List.of("unshare", "-m", "sh", "-c", script.toString()));
  }

  @Test
  void shouldRefuseWhenTheUserHasNotEnoughRights(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Files.setPosixFilePermissions(backing, PosixFilePermissions.fromString("rw-rw-rw-"));
    Path mountPoint = bench.folder("mount");
    openToOthers(bench);

    // The mount point, the spare's folder or /dev/fuse: whichever is met first.
    refusesCommand(
        bench, REFUSED, "", asNobody("mount", backing.toString(), mountPoint.toString()));
  }

  /**
   * {@code command} where anyone may open /dev/fuse, as on a desktop: else that would be what is
   * refused first.
   */
  private static List<String> withFuseForAll(Workbench bench, List<String> command) {
    Path device = bench.path("fuse");
    List<String> all =
        new ArrayList<>(
            List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mknod -m 666 %1$s c 10 229 && mount --bind %1$s /dev/fuse && rm %1$s && exec \"$@\""
                    .formatted(device),
                "sh"));
    all.addAll(command);
    return all;
  }
}
