package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.MountTable;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What happened is told: to who looks, also after a crash, and to the user's program. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class EventsTest {
  private static final long SIZE = 64 * Images.MIB;
  private static final int BLOCK = 4096;

  private static Path program(Path file, String... lines) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static String lineOf(Mounted mounted, String kind) {
    return mounted
        .text("events")
        .lines()
        .filter(line -> line.contains(kind))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldShowTheEventsOfADaemonThatWasKilled(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Path health = bench.path("disk.health");
    Mounted mounted =
        bench.mountFormatted(disk.image(), spare, BLOCK, "--health", health.toString());
    disk.faults(Fault.read(7 * BLOCK, BLOCK), Fault.salvageable(9 * BLOCK, BLOCK));
    assertReadFails(mounted, 7 * BLOCK, BLOCK);
    mounted.read(9 * BLOCK, BLOCK);
    Await.until(
        "the events in the health file",
        () -> {
          String file = new String(Files.readAllBytes(health), StandardCharsets.ISO_8859_1);
          return file.contains("block 7 cannot be read") && file.contains("block 9 moved");
        });
    String lost = lineOf(mounted, "PENDING");
    String saved = lineOf(mounted, "SALVAGED");
    mounted.kill9();
    mounted.close();

    Mounted again =
        bench.mount(disk.image(), "--spare", spare.toString(), "--health", health.toString());
    again.control("remap 20");

    List<String> lines = again.text("events").lines().toList();
    assertThat(lines).containsSubsequence(lost, saved, lineOf(again, "\"block\":20"));
    assertThat(lines)
        .extracting(line -> ((Number) JSON.std.mapFrom(line).get("seq")).longValue())
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(events(again, "--json", "--kind", "pending").stdout()).isEqualTo(lost + "\n");
    assertThat(events(again, "--kind", "salvaged").stdout())
        .matches("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  SALVAGED +block 9 moved to slot 0\n");
    assertThat(events(again, "--since", "2200-01-01").stdout()).isEmpty();
  }

  private static Shell.Result events(Mounted mounted, String... options) {
    String[] arguments = new String[options.length + 2];
    arguments[0] = "events";
    arguments[1] = mounted.mountPoint().toString();
    System.arraycopy(options, 0, arguments, 2, options.length);
    return Mounted.remapfs(arguments).orFail();
  }

  @Test
  void shouldFollowEventsUntilTheUnmount(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));
    Path output = bench.path("followed");
    Process follower =
        new ProcessBuilder(Mounted.command("events", "--follow", mounted.mountPoint().toString()))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    bench.keep(() -> follower.destroyForcibly().waitFor());
    mounted.control("remap 1");
    Await.until("the first", () -> Files.readString(output).contains("block 1 moved"));
    mounted.control("remap 2");
    Await.until("the second", () -> Files.readString(output).contains("block 2 moved"));
    mounted.umount().orFail();
    Await.until("the follower's end", () -> !follower.isAlive());
    assertThat(follower.exitValue()).isZero();
    assertThat(Files.readAllLines(output)).hasSize(2);
  }

  @Test
  void shouldRunTheProgramForALostBlockAsTheDaemonsUser(Workbench bench) throws IOException {
    for (Path each : List.of(bench.folder(), bench.path(".."))) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx--x--x"));
    }
    Path open = bench.folder("open");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path program =
        program(
            open.resolve("told"),
            "cd " + open,
            "[ $REMAPFS_EVENT_KIND = PENDING ] || exit 0",
            "{ cat; id -u; cat /proc/self/oom_score_adj; echo $REMAPFS_EVENT_BLOCK; } >new",
            "mv new told-of");
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Mounted mounted =
        bench.mountFormatted(
            disk.image(), BLOCK, "--user", "nobody", "--on-event", program.toString());
    disk.faults(Fault.read(7 * BLOCK, BLOCK));

    assertReadFails(mounted, 7 * BLOCK, BLOCK);
    Await.until("the program", () -> Files.exists(open.resolve("told-of")));

    List<String> told = Files.readAllLines(open.resolve("told-of"));
    assertThat(told.subList(1, 4)).containsExactly("65534", "0", "7");
    Map<String, Object> event = JSON.std.mapFrom(told.get(0));
    assertThat(event)
        .containsEntry("kind", "PENDING")
        .containsEntry("block", 7)
        .containsEntry("backing", disk.image().toString())
        .containsEntry("mountPoint", mounted.mountPoint().toString());
  }

  @Test
  void shouldLeaveNothingWhenTheDaemonsUserCannotRunTheProgram(Workbench bench) throws IOException {
    Path program = program(bench.path("of-roots-alone"), "true");
    Path disk = bench.disk("disk.img", SIZE);
    Path mountPoint = bench.folder("mount");

    Shell.Result refused =
        Mounted.remapfs(
            "mount", "--user=nobody", "--on-event=" + program, "" + disk, "" + mountPoint);

    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(2);
    assertThat(refused.stderr()).contains("cannot be run by nobody");
    assertThat(MountTable.isMounted(mountPoint)).isFalse();
  }

  @Test
  void shouldUnmountWhenTheProgramHangs(Workbench bench) throws IOException {
    Path pid = bench.path("pid");
    Path program =
        program(
            bench.path("hangs"),
            "trap '' TERM",
            "head -c 4096 \"$REMAPFS_EVENT_MOUNTPOINT/image\" >/dev/null",
            "echo $$ >" + pid + ".new; mv " + pid + ".new " + pid,
            "sleep 1000");
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE), "--on-event", program.toString());
    mounted.control("remap 1");
    Await.until("the program", () -> Files.exists(pid));

    Shell.Result unmounted =
        Shell.run(
            Duration.ofSeconds(20),
            Mounted.command("umount", mounted.mountPoint().toString()).toArray(String[]::new));

    assertThat(unmounted.exitCode()).as(unmounted.toString()).isZero();
    assertThat(mounted.daemonAlive()).isFalse();
    long hung = Long.parseLong(Files.readString(pid).strip());
    assertThat(MountTable.commandLine(hung)).isEmpty();
  }
}
