package io.remapfs.health.store;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import io.remapfs.health.store.HealthFileException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Consumer;
import jnr.posix.FileStat;

/**
 * Opens the health file of a disk, makes it where there is none, and gives one in memory where
 * neither can be done. It never fails: a mount does not depend on it.
 *
 * <p>Root may do this in a folder that somebody else may write. So a file is opened once, never
 * through a link, and used by its descriptor only; a new one gets its name when it is whole.
 */
public final class HealthFileOpening {
  private static final int OWNER_ONLY = 0600;

  /** Added to the name of a file that was set aside. */
  public static final String DAMAGED_SUFFIX = ".damaged";

  private HealthFileOpening() {}

  /**
   * Opens or makes the file.
   *
   * @param access with {@link Access#READ_ONLY} nothing is made or written
   * @param notes told one sentence for each thing the user should know
   */
  public static HealthFile open(
      Path path, HealthGeometry geometry, Access access, Consumer<String> notes) {
    try {
      return openOrMake(path, geometry, access, notes);
    } catch (IOException e) {
      notes.accept(e.getMessage() + "; health is kept in memory only" + advice(e, path));
    }
    return HealthFile.inMemory(geometry);
  }

  private static String advice(IOException e, Path path) {
    if (!(e instanceof HealthFileException known)) {
      return "";
    }
    return switch (known.reason()) {
      case FOREIGN, OTHER_SET -> ": remove " + path + ", or name another place with --health";
      case UNREACHABLE, TOO_NEW -> ": name another place with --health";
      case DAMAGED -> "";
    };
  }

  private static HealthFile openOrMake(
      Path path, HealthGeometry geometry, Access access, Consumer<String> notes)
      throws HealthFileException {
    boolean writable = access == Access.READ_WRITE;
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      if (!writable) {
        return HealthFile.inMemory(geometry);
      }
      make(path, geometry);
    }
    try {
      return openExisting(path, geometry, access, notes);
    } catch (HealthFileException e) {
      if (e.reason() != Reason.DAMAGED || !writable) {
        throw e;
      }
      setAside(path);
      make(path, geometry);
      notes.accept(e.getMessage() + "; it was set aside as " + path + DAMAGED_SUFFIX);
      return openExisting(path, geometry, access, notes);
    }
  }

  private static HealthFile openExisting(
      Path path, HealthGeometry geometry, Access access, Consumer<String> notes)
      throws HealthFileException {
    int flags = access == Access.READ_WRITE ? Posix.O_RDWR : Posix.O_RDONLY;
    int fd = openNoFollow(path, flags, "opened");
    PosixBlockDevice device;
    try {
      FileStat stat = Posix.fstat(fd);
      // A second name may be anything of ours.
      if (!stat.isFile() || stat.nlink() != 1) {
        throw new HealthFileException(
            Reason.FOREIGN, path + " is not a regular file of one name, and so no health file");
      }
      if (stat.st_size() == 0) {
        throw new HealthFileException(Reason.FOREIGN, path + " is not a health file");
      }
      device = PosixBlockDevice.open(byDescriptor(fd), IoMode.BUFFERED, access);
    } catch (DeviceOpenException e) {
      throw unreachable(path, "opened", named(e, fd, path));
    } finally {
      Posix.close(fd);
    }
    boolean kept = false;
    try {
      HealthFile file = HealthFile.open(device, path.toString(), geometry, access);
      file.findings().forEach(notes);
      kept = true;
      return file;
    } finally {
      if (!kept) {
        device.close();
      }
    }
  }

  private static int openNoFollow(Path path, int flags, String what) throws HealthFileException {
    int fd = Posix.open(path.toString(), flags | Posix.O_NOFOLLOW | Posix.O_CLOEXEC, OWNER_ONLY);
    if (fd < 0) {
      throw unreachable(path, what, Errno.describe(Posix.errno()));
    }
    return fd;
  }

  /** The file has its name only when it is whole and durable. */
  private static void make(Path path, HealthGeometry geometry) throws HealthFileException {
    Path unfinished = path.resolveSibling(path.getFileName() + ".new");
    int fd = -1;
    boolean made = false;
    try {
      Files.createDirectories(path.resolveSibling("."));
      Files.deleteIfExists(unfinished);
      fd = openNoFollow(unfinished, Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL, "made");
      if (Posix.ftruncate(fd, HealthFile.sizeBytes(geometry)) != 0) {
        throw unreachable(path, "made", Errno.describe(Posix.errno()));
      }
      try (PosixBlockDevice device =
          PosixBlockDevice.open(byDescriptor(fd), IoMode.BUFFERED, Access.READ_WRITE)) {
        HealthFile.format(device, geometry);
      }
      Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
      made = true;
      syncDirectory(path.resolveSibling("."));
    } catch (HealthFileException e) {
      throw e;
    } catch (BlockDeviceException | DeviceOpenException e) {
      throw unreachable(path, "made", named(e, fd, path));
    } catch (IOException e) {
      throw unreachable(path, "made", e.toString());
    } finally {
      if (fd >= 0) {
        Posix.close(fd);
      }
      if (!made && fd >= 0) {
        discard(unfinished);
      }
    }
  }

  private static void setAside(Path path) throws HealthFileException {
    Path aside = path.resolveSibling(path.getFileName() + DAMAGED_SUFFIX);
    try {
      Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw unreachable(path, "set aside, though it is damaged", e.toString());
    }
  }

  /** A name that a power cut takes away is made anew by the next mount. */
  private static void syncDirectory(Path directory) {
    int fd = Posix.open(directory.toString(), Posix.O_RDONLY | Posix.O_CLOEXEC);
    if (fd >= 0) {
      LibC.INSTANCE.fsync(fd);
      Posix.close(fd);
    }
  }

  private static void discard(Path unfinished) {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException e) {
      return; // Nobody opens this name, and the next attempt removes it.
    }
  }

  private static String byDescriptor(int fd) {
    return "/proc/self/fd/" + fd;
  }

  private static String named(Exception e, int fd, Path path) {
    return String.valueOf(e.getMessage()).replace(byDescriptor(fd), path.toString());
  }

  private static HealthFileException unreachable(Path path, String what, String why) {
    return new HealthFileException(
        Reason.UNREACHABLE, "the health file " + path + " cannot be " + what + ": " + why);
  }
}
