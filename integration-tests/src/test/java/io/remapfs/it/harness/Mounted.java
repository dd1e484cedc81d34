package io.remapfs.it.harness;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A backing mounted by the launcher as a user would. Closing it unmounts, whatever the test did to
 * the daemon before. Not thread-safe, except for the paths.
 */
public final class Mounted implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** {@code -Dremapfs.it.session=KIND} runs the tests with that session where they name none. */
  private static final String SESSION = System.getProperty("remapfs.it.session", "");

  private final Path mountPoint;
  private final String announced;
  private final long daemonPid;

  private Mounted(Path mountPoint, String announced) {
    this.mountPoint = mountPoint;
    this.announced = announced;
    this.daemonPid = status().number("process.pid");
  }

  /** Whether {@code --session=uring} can be tested here. */
  public static boolean canServeByUring() {
    return UringSwitched.isPossible();
  }

  /** Runs {@code remapfs ARGUMENTS...} by the launcher. */
  public static Shell.Result remapfs(String... arguments) {
    return Shell.run(LIMIT, command(arguments).toArray(String[]::new));
  }

  /** The command line of {@code remapfs ARGUMENTS...}. */
  public static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Repository.launcher().toString());
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * Runs {@code remapfs mount OPTIONS BACKING MOUNTPOINT} and returns when it said it is ready.
   *
   * @throws AssertionError when the launcher fails
   */
  public static Mounted mount(Path backing, Path mountPoint, String... options) {
    List<String> arguments = new ArrayList<>();
    arguments.add("mount");
    arguments.addAll(List.of(options));
    if (!SESSION.isEmpty() && arguments.stream().noneMatch(each -> each.startsWith("--session"))) {
      arguments.add("--session=" + SESSION);
    }
    arguments.add(backing.toString());
    arguments.add(mountPoint.toString());
    try {
      if (!MountTable.isMounted(mountPoint)) { // A dead mount cannot even be looked at.
        Files.createDirectories(mountPoint);
      }
      String[] command = command(arguments.toArray(String[]::new)).toArray(String[]::new);
      // The log goes with the test's folder instead of staying in /var/log.
      Map<String, String> environment = Map.of("REMAPFS_LOG", mountPoint + ".log");
      Shell.Result result =
          (arguments.contains("--session=uring")
                  ? UringSwitched.on(() -> Shell.run(LIMIT, environment, command))
                  : Shell.run(LIMIT, environment, command))
              .orFail();
      return new Mounted(mountPoint, result.stdout().trim());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      detach(mountPoint);
      throw e;
    }
  }

  public Path mountPoint() {
    return mountPoint;
  }

  public Path image() {
    return mountPoint.resolve("image");
  }

  /** What {@code mount} printed: the loop device with {@code --loop}, else the image's path. */
  public String announced() {
    return announced;
  }

  public long daemonPid() {
    return daemonPid;
  }

  public Status status() {
    return Status.parse(text("status.json"));
  }

  /** Text of one of the virtual files. */
  public String text(String name) {
    try {
      return Files.readString(mountPoint.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes {@code command} to {@code control} and returns the answer read on the same open. */
  public String control(String command) throws IOException {
    return control(command.getBytes(StandardCharsets.UTF_8));
  }

  /** The same with arbitrary bytes. */
  public String control(byte[] command) throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(mountPoint.resolve("control").toFile(), "rw")) {
      file.write(command);
      file.seek(0);
      byte[] answer = new byte[1 << 16];
      int lengthBytes = file.read(answer);
      return new String(answer, 0, Math.max(0, lengthBytes), StandardCharsets.UTF_8);
    }
  }

  /** Reads from the image through an open of its own. */
  public byte[] read(long byteOffset, int lengthBytes) throws IOException {
    return Images.read(image(), byteOffset, lengthBytes);
  }

  /** Writes to the image through an open of its own, without a flush. */
  public void write(long byteOffset, byte[] bytes) throws IOException {
    Images.write(image(), byteOffset, bytes);
  }

  /** fsync of the image. */
  public void sync() throws IOException {
    Images.sync(image());
  }

  /** Kills the daemon as a crash would, and waits until it is gone; the dead mount stays. */
  public void kill9() {
    signal("KILL");
    awaitDaemonGone();
  }

  /** Sends {@code name} (such as TERM) to the daemon. */
  public void signal(String name) {
    Shell.run("kill", "-" + name, Long.toString(daemonPid)).orFail();
  }

  /**
   * Returns when the daemon's process is gone; fails after 20 s. One of its threads that waits for
   * a disk outlives the process for as long, and with it the locks.
   */
  public void awaitDaemonGone() {
    Await.until("daemon " + daemonPid + " gone", () -> !daemonAlive() && threads() <= 1);
  }

  /** A zombie has one left. */
  private int threads() {
    String[] threads = new File("/proc/" + daemonPid + "/task").list();
    return threads == null ? 0 : threads.length;
  }

  /** Whether the daemon's process still runs (a zombie does not). */
  public boolean daemonAlive() {
    Optional<ProcessHandle> handle = ProcessHandle.of(daemonPid);
    return handle.isPresent() && !MountTable.commandLine(daemonPid).isEmpty();
  }

  /** {@code remapfs umount}. */
  public Shell.Result umount() {
    return remapfs("umount", mountPoint.toString());
  }

  @Override
  public void close() {
    if (MountTable.isMounted(mountPoint)) {
      if (daemonAlive()) {
        umount();
      }
      detach(mountPoint);
    }
    if (daemonAlive()) {
      kill9();
    }
  }

  /** Clears a mount the daemon of which is gone or does not answer. */
  private static void detach(Path mountPoint) {
    // First: without the mount, a loop device's file has no path by which it would be found.
    MountTable.loopsBelow(mountPoint).forEach(device -> Shell.run("losetup", "-d", device));
    while (MountTable.isMounted(mountPoint)) {
      Shell.run("umount", "-l", mountPoint.toString()).orFail();
    }
  }
}
