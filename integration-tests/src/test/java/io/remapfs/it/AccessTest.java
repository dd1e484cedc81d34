package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.OtherUser.NOBODY;
import static io.remapfs.it.harness.OtherUser.marker;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Refusal;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may do what with a mount of root's, and with what it leaves on other disks. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class AccessTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final String[] REPORTS = {
    "status", "status.json", "badblocks", "mapfile", "events"
  };

  @ParameterizedTest
  @ValueSource(strings = {"threads", "libfuse"})
  void shouldShowOthersNothingWhenTheyWereNotLetIn(String session, Workbench bench)
      throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), "--session=" + session);
    Refusal.openToOthers(bench);

    assertThat(NOBODY.run("ls", mounted.mountPoint().toString()).stderr())
        .contains("Permission denied");
    assertThat(NOBODY.mayRead(mounted.image())).isFalse();
    for (String report : REPORTS) {
      assertThat(NOBODY.mayRead(mounted.mountPoint().resolve(report))).as(report).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"threads", "libfuse"})
  void shouldShowOthersTheReportsAndNoMoreWhenTheyWereLetIn(String session, Workbench bench)
      throws IOException {
    Mounted mounted =
        bench.mount(bench.disk("disk.img", SIZE), "--allow-other", "--session=" + session);
    Refusal.openToOthers(bench);

    for (String report : REPORTS) {
      Path file = mounted.mountPoint().resolve(report);
      assertThat(NOBODY.mayRead(file)).as(report).isTrue();
      assertThat(NOBODY.mayWrite(file)).as(report).isFalse();
    }
    assertThat(NOBODY.mayRead(mounted.image())).isFalse();
    assertThat(NOBODY.mayWrite(mounted.image())).isFalse();
    assertThat(NOBODY.run("truncate", "-s0", mounted.image().toString()).exitCode()).isNotZero();
    assertThat(NOBODY.control(mounted.mountPoint(), "status").stderr())
        .contains("Permission denied");
  }

  /** What the kernel's look at the mode lets pass, the daemon itself refuses. */
  @Test
  void shouldTakeNoCommandWhenACapabilityGoesPastTheMode(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), "--allow-other");
    Refusal.openToOthers(bench);

    Shell.Result opened = NOBODY.runWith("dac_override", "head", "-c1", mounted.image().toString());
    Shell.Result command = NOBODY.control(mounted.mountPoint(), "status", "dac_override");

    assertThat(opened.exitCode()).as("the capability counts: " + opened).isZero();
    assertThat(command.exitCode()).as(command.toString()).isNotZero();
    assertThat(command.stderr()).contains("Permission denied");
    assertThat(command.stdout()).isEmpty();
  }

  @Test
  void shouldBeClosedToOthersWhenMadeUnderAnOpenUmask(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");
    Path logs = bench.path("logs");
    Path log = logs.resolve("x.log");
    bench.keep(() -> Mounted.remapfs("umount", mountPoint.toString()));

    Shell.run(
            Duration.ofSeconds(30),
            Map.of("REMAPFS_LOG", log.toString()),
            "sh",
            "-c",
            "umask 000; exec \"$@\"",
            "sh",
            Mounted.command().get(0),
            "mount",
            backing.toString(),
            mountPoint.toString())
        .orFail();

    assertThat(modeOf(Path.of(backing + ".remap"))).isEqualTo("rw-------");
    assertThat(modeOf(log)).isEqualTo("rw-------");
    assertThat(modeOf(logs)).isEqualTo("rwx------");
  }

  @Test
  void shouldBeClosedToOthersWhenTheSpareIsFormattedUnderAnOpenUmask(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);

    Shell.run(
            "sh",
            "-c",
            "umask 000; exec \"$@\"",
            "sh",
            Mounted.command().get(0),
            "format",
            backing.toString())
        .orFail();

    assertThat(modeOf(Path.of(backing + ".remap"))).isEqualTo("rw-------");
  }

  /** Such a log would let whoever may write its directory have root write to any file. */
  @Test
  void shouldMountWithoutALogWhenSomebodyMadeItALink(Workbench bench) throws IOException {
    Path victim = Files.writeString(bench.path("victim"), "as it was");
    Files.createSymbolicLink(bench.path("mount-0.log"), victim);

    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    assertThat(mounted.text("status")).contains("there is no log file");
    mounted.umount().orFail();
    assertThat(victim).hasContent("as it was");
  }

  @Test
  void shouldMountWithoutALogWhenItIsSomebodyElses(Workbench bench) throws IOException {
    Path log = Files.createFile(bench.path("mount-0.log"));
    Shell.run("chown", "nobody", log.toString()).orFail();

    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    assertThat(mounted.text("status")).contains("belongs to another user");
    mounted.umount().orFail();
    assertThat(log).isEmptyFile();
  }

  @Test
  void shouldTellNothingOfTheContentsWhenBlocksAreLostAndMoved(Workbench bench) throws IOException {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK);
    mounted.write(0, marker(64 * BLOCK));
    mounted.sync();
    disk.faults(Fault.read(0, BLOCK), Fault.write(8L * BLOCK, BLOCK));
    assertReadFails(mounted, 0, BLOCK);
    mounted.write(8L * BLOCK, marker(BLOCK));
    List<String> told = new ArrayList<>();
    told.add(mounted.control("verify 0 64"));
    told.add(mounted.control("remap 3"));
    for (String report : REPORTS) {
      told.add(mounted.text(report));
    }
    assertThat(mounted.status().pending()).isEqualTo(1);
    assertThat(mounted.status().remapped()).isEqualTo(2);
    mounted.umount().orFail();
    told.add(Files.readString(Path.of(mounted.mountPoint() + ".log")));
    told.add(Mounted.remapfs("inspect", spare.toString()).stdout());
    told.add(
        Mounted.remapfs("check", disk.image().toString(), "--spare", spare.toString()).toString());

    String hex = HexFormat.of().formatHex("SECRET".getBytes(StandardCharsets.US_ASCII));
    assertThat(String.join("\n", told)).doesNotContain("SECRET").doesNotContainIgnoringCase(hex);
    assertThat(new String(Files.readAllBytes(spare), StandardCharsets.ISO_8859_1))
        .as("what was moved is in the spare, so the search finds what is there")
        .contains("SECRET");
  }

  @Test
  void shouldLeaveNothingThatOthersMayWriteWhenItRan(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));
    mounted.umount().orFail();
    assertThat(MountTable.isMounted(mounted.mountPoint())).isFalse();

    try (Stream<Path> made = Files.walk(bench.folder())) {
      assertThat(made.filter(path -> modeOf(path).charAt(7) == 'w')).isEmpty();
    }
  }

  private static String modeOf(Path file) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
