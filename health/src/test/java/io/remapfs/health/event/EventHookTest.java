package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EventHookTest {
  private static final Duration LONG = Duration.ofSeconds(50);

  @TempDir private Path folder = Path.of("");

  private Duration closeGrace = Duration.ofMillis(100);
  private final EventLog log = new EventLog(RecordStore.NONE);
  private EventHook hook = new EventHook(Path.of("/bin/true"), Path.of("/m"), Path.of("/b"), log);

  @AfterEach
  void close() {
    hook.close();
  }

  /** A hook whose program is this shell script, and may run at once. */
  private void hook(Duration limit, String... lines) throws IOException {
    prepare(limit, lines);
    hook.allow();
  }

  private void prepare(Duration limit, String... lines) throws IOException {
    Path script = folder.resolve("hook with spaces.sh");
    Files.writeString(script, "#!/bin/sh\ncd '" + folder + "'\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    HookProgram program = new HookProgram(script, Path.of("/mnt/x"), Path.of("/d/disk.img"));
    hook = new EventHook(program, log, limit, closeGrace);
    log.subscribe(hook);
    hook.start();
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) { // the class's timeout ends it
      LockSupport.parkNanos(1_000_000);
    }
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private List<String> failures() {
    return log.events().stream()
        .filter(each -> each.kind() == EventKind.HOOK_FAILED)
        .map(DiskEvent::message)
        .toList();
  }

  @Test
  void shouldGiveTheEventToTheProgramOnItsInputAndInItsEnvironment() throws Exception {
    hook(LONG, "cat >input.new", "env | grep ^REMAPFS | sort >environment", "mv input.new input");
    log.publish(EventKind.PENDING, 7, 3, "block 7 \"cannot\" $(be) read");
    await(() -> Files.exists(file("input")));

    String time = log.events().get(0).time().toString();
    assertThat(Files.readAllLines(file("environment")))
        .containsExactly(
            "REMAPFS_EVENT_BACKING=/d/disk.img",
            "REMAPFS_EVENT_BLOCK=7",
            "REMAPFS_EVENT_DROPPED=0",
            "REMAPFS_EVENT_KIND=PENDING",
            "REMAPFS_EVENT_MESSAGE=block 7 \"cannot\" $(be) read",
            "REMAPFS_EVENT_MOUNTPOINT=/mnt/x",
            "REMAPFS_EVENT_SEQ=1",
            "REMAPFS_EVENT_SLOT=3",
            "REMAPFS_EVENT_TIME=" + time);
    assertThat(JSON.std.mapFrom(Files.readString(file("input"))))
        .containsEntry("seq", 1)
        .containsEntry("time", time)
        .containsEntry("kind", "PENDING")
        .containsEntry("block", 7)
        .containsEntry("slot", 3)
        .containsEntry("message", "block 7 \"cannot\" $(be) read")
        .containsEntry("mountPoint", "/mnt/x")
        .containsEntry("backing", "/d/disk.img")
        .containsEntry("dropped", 0);
  }

  @Test
  void shouldRunNothingUntilItIsAllowedTo() throws Exception {
    prepare(LONG, "echo $REMAPFS_EVENT_SEQ >>ran");
    log.publish(EventKind.COPIED, "before root was dropped");
    assertThat(file("ran")).doesNotExist();
    hook.allow();
    await(() -> Files.exists(file("ran")));
  }

  @Test
  void shouldTellEachDistinctFailureOnceWithItsFirstLine() throws Exception {
    hook(
        LONG,
        "echo $REMAPFS_EVENT_KIND >>ran",
        "[ $REMAPFS_EVENT_KIND = DRIVE ] && exit 0",
        "echo no mail today; echo more",
        "exit 3");
    for (int i = 0; i < 3; i++) {
      log.publish(EventKind.FORECAST, "soon");
    }
    log.publish(EventKind.DRIVE, "hot");
    await(() -> linesOf("ran").size() == 4 && !failures().isEmpty());
    hook.close();
    assertThat(failures())
        .containsExactly(
            "the program of --on-event failed with exit code 3: no mail today (for event 1)");
    assertThat(linesOf("ran")).containsExactly("FORECAST", "FORECAST", "FORECAST", "DRIVE");
  }

  private List<String> linesOf(String name) {
    try {
      return Files.exists(file(name)) ? Files.readAllLines(file(name)) : List.of();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void shouldTellWhenTheProgramIsGone() throws Exception {
    hook(LONG, "true");
    Files.delete(folder.resolve("hook with spaces.sh"));
    log.publish(EventKind.DRIVE, "hot");
    await(() -> !failures().isEmpty());
    assertThat(failures().get(0)).contains("failed with exit code 127").contains("not found");
  }

  @Test
  void shouldEndAProgramThatTakesTooLongWithAllThatItStarted() throws Exception {
    hook(Duration.ofMillis(300), "trap '' TERM", "sleep 1000 & echo $! >child; wait; sleep 1000");
    log.publish(EventKind.DRIVE, "hot");
    await(() -> !failures().isEmpty());
    assertThat(failures().get(0)).contains("did not end within 0 seconds and was ended");
    long child = Long.parseLong(linesOf("child").get(0));
    await(() -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void shouldRunForTheNextEventWhenOneTookTooLong() throws Exception {
    hook(
        Duration.ofMillis(300),
        "[ $REMAPFS_EVENT_SEQ = 1 ] && sleep 1000",
        "echo $REMAPFS_EVENT_SEQ >>ran");
    log.publish(EventKind.DRIVE, "hot");
    log.publish(EventKind.DRIVE, "hot");
    await(() -> !linesOf("ran").isEmpty());
    assertThat(linesOf("ran")).containsExactly("2");
  }

  @Test
  void shouldEndAHangingProgramWhenClosed() throws Exception {
    hook(LONG, "echo $$ >pid.new; mv pid.new pid", "sleep 1000");
    log.publish(EventKind.DRIVE, "hot");
    log.publish(EventKind.DRIVE, "hotter");
    await(() -> Files.exists(file("pid")));
    long before = System.nanoTime();
    hook.close();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(6));
    long pid = Long.parseLong(linesOf("pid").get(0));
    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(failures())
        .anyMatch(each -> each.contains("ended by the unmount"))
        .anyMatch(each -> each.contains("not run for the last 1 events"));
  }

  @Test
  void shouldRunForWhatIsQueuedWhenClosed() throws Exception {
    closeGrace = LONG;
    prepare(LONG, "echo $REMAPFS_EVENT_SEQ >>ran");
    log.publish(EventKind.DRIVE, "hot");
    log.publish(EventKind.DRIVE, "hot");
    hook.allow();
    hook.close();
    assertThat(linesOf("ran")).containsExactly("1", "2");
  }

  @Test
  void shouldRunNothingWhenClosedBeforeItIsAllowedTo() throws Exception {
    closeGrace = LONG;
    prepare(LONG, "echo $REMAPFS_EVENT_SEQ >>ran");
    log.publish(EventKind.COPIED, "before root was dropped");
    hook.close();
    hook.allow();
    hook.close(); // waits for the thread
    assertThat(file("ran")).doesNotExist();
  }

  @Test
  void shouldTellTheNextRunHowManyEventsWereDropped() throws Exception {
    prepare(LONG, "cat >/dev/null", "echo $REMAPFS_EVENT_SEQ $REMAPFS_EVENT_DROPPED >>ran");
    int more = 10;
    for (int i = 0; i < EventHook.MAX_QUEUED + more; i++) {
      log.publish(i % 2 == 0 ? EventKind.DRIVE : EventKind.FORECAST, "hot");
    }
    hook.allow();
    await(() -> linesOf("ran").size() > 1);
    assertThat(linesOf("ran")).startsWith("1 10", "2 0");
  }

  @Test
  void shouldNotBeHeldUpByAProgramThatPrintsMuchAndReadsNothing() throws Exception {
    hook(LONG, "head -c 3000000 /dev/zero | tr '\\0' x; touch done");
    log.publish(EventKind.DRIVE, "hot");
    await(() -> Files.exists(file("done")));
    hook.close();
    assertThat(failures()).isEmpty();
  }

  @Test
  void shouldGiveTheProgramNothingOfTheDaemonsOpenFilesOrEnvironment() throws Exception {
    Path disk = Files.createFile(file("disk"));
    int open = LibC.INSTANCE.open(disk.toString(), 0, 0); // without O_CLOEXEC
    hook(LONG, "ls -l /proc/$$/fd >files.new; env >environment; mv files.new files");
    log.publish(EventKind.DRIVE, "hot");
    await(() -> Files.exists(file("files")));
    LibC.INSTANCE.close(open);
    assertThat(linesOf("files")).isNotEmpty().noneMatch(line -> line.endsWith(disk.toString()));
    assertThat(linesOf("environment"))
        .allMatch(line -> line.matches("(REMAPFS_EVENT_|PATH=|PWD=|OLDPWD=|_=|SHLVL=).*"));
  }
}
