package io.remapfs.mount.session;

import io.remapfs.engine.device.MountTable;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The directory that we mount on, and the mount that stands there.
 *
 * <p>What stands there is read from {@code /proc/self/mountinfo} and recognised by its device
 * number: asking the directory itself would be a request to our own workers, who may be gone.
 *
 * <p>Thread-safe.
 */
final class MountTarget {
  private static final Logger LOG = LogManager.getLogger(MountTarget.class);

  private static final Path LOOP_DEVICES = Path.of("/sys/block");

  /** Not to follow a symbolic link that took the mount point's place; linux/fs.h. */
  private static final int UMOUNT_NOFOLLOW = 8;

  /** Ends every request first; sys/mount.h. */
  private static final int MNT_FORCE = 1;

  /** fusectl's folder of each FUSE mount, by the minor number of its device. */
  private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");

  private static final int FUSERMOUNT_SECONDS = 20;

  private final Path path;
  private volatile @Nullable String device;

  private MountTarget(Path path) {
    this.path = path;
  }

  /**
   * Looks at the directory before libfuse does, because libfuse would print.
   *
   * @throws MountException if it is missing, no directory, not empty, or a dead mount
   */
  static MountTarget check(Path wished) {
    try {
      Path path = wished.toRealPath();
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new MountException("the mount point " + wished + " is no directory");
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        if (entries.iterator().hasNext()) {
          throw new MountException("the mount point " + wished + " is not empty");
        }
      }
      return new MountTarget(path);
    } catch (IOException e) {
      throw new MountException("the mount point " + wished + " cannot be used: " + e, e);
    }
  }

  String path() {
    return path.toString();
  }

  /** Notes which mount is ours; called right after mounting. */
  void noteMounted() {
    device = topmostDevice();
  }

  /** Whether our mount still stands, alive or dead. */
  boolean isMounted() {
    String ours = device;
    return ours != null && devices().contains(ours);
  }

  /**
   * Unmounts ours if it still stands; never lazily, never by force.
   *
   * @throws UnmountException if it is in use, or hidden under another mount
   */
  void unmount() throws UnmountException {
    String ours = device;
    if (ours == null || !isMounted()) {
      return;
    }
    if (!ours.equals(topmostDevice())) {
      throw new UnmountException("something else is mounted over " + path + "; unmount that first");
    }
    if (LibC.INSTANCE.umount2(path(), UMOUNT_NOFOLLOW) == 0) {
      return;
    }
    int errno = Errno.last();
    if (errno == Errno.EPERM) {
      unmountWithHelper();
    } else if (errno == Errno.EBUSY) {
      throw new UnmountException(path + " is busy" + users());
    } else if (isMounted()) { // somebody else may have unmounted it in between
      throw new UnmountException(path + " cannot be unmounted: " + Errno.describe(errno));
    }
  }

  /**
   * Has the kernel end every request, now and in future, with an error; the dead mount stays. For
   * when nobody is there any more to answer.
   */
  void abort() {
    String ours = device;
    if (ours == null) {
      return;
    }
    String minor = ours.substring(ours.indexOf(':') + 1);
    Path control = CONNECTIONS.resolve(minor).resolve("abort");
    try {
      Files.writeString(control, "1", StandardOpenOption.WRITE);
    } catch (IOException e) { // fusectl is not mounted everywhere.
      if (!ours.equals(topmostDevice())
          || (LibC.INSTANCE.umount2(path(), MNT_FORCE | UMOUNT_NOFOLLOW) != 0
              && Errno.last() != Errno.EBUSY)) {
        LOG.error("{} cannot be given up: unmount it with umount -f", path);
      }
    }
  }

  /** As an ordinary user, through the helper that is set-uid root. */
  private void unmountWithHelper() throws UnmountException {
    for (String helper : List.of("fusermount3", "fusermount")) {
      try {
        Process process =
            new ProcessBuilder(helper, "-u", path()).redirectErrorStream(true).start();
        process.getOutputStream().close();
        if (!process.waitFor(FUSERMOUNT_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new UnmountException(path + " cannot be unmounted: " + helper + " does not return");
        }
        String output =
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.exitValue() == 0) {
          return;
        }
        throw new UnmountException(
            output.contains("busy")
                ? path + " is busy" + users()
                : path + " cannot be unmounted: " + output);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UnmountException("interrupted while unmounting " + path);
      } catch (IOException e) {
        // This helper is not installed.
      }
    }
    throw new UnmountException(
        path + " cannot be unmounted without root rights; install fuse3 for fusermount3");
  }

  /** ": /dev/loop3 uses it", or what to look for. */
  private String users() {
    List<String> loops = new ArrayList<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(LOOP_DEVICES, "loop*")) {
      for (Path loop : devices) {
        Path backingFile = loop.resolve("loop/backing_file");
        if (Files.exists(backingFile) && Files.readString(backingFile).startsWith(path + "/")) {
          loops.add("/dev/" + loop.getFileName());
        }
      }
    } catch (IOException | RuntimeException e) {
      // Only the hint is poorer.
    }
    return loops.isEmpty()
        ? ": a process has a file of it open or stands in it; end that and try again"
        : ": " + String.join(", ", loops) + " is attached to its image; detach that first";
  }

  private @Nullable String topmostDevice() {
    List<String> devices = devices();
    return devices.isEmpty() ? null : devices.get(devices.size() - 1);
  }

  /** The major:minor numbers of all that is mounted here, the topmost last. */
  private List<String> devices() {
    try {
      return MountTable.read().mounts().stream()
          .filter(mount -> mount.mountPoint().equals(path))
          .map(MountTable.Mount::device)
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException("/proc/self/mountinfo cannot be read", e);
    }
  }
}
