package io.remapfs.mount.daemon;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.NoRoomException;
import io.remapfs.engine.metadata.Superblock;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.Posix;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareTooSmallException;
import io.remapfs.health.ByteCount;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.FileSync;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Makes spares. A spare file appears under its name only once it is whole. */
public final class SpareMaker {
  private static final int OWNER_ONLY = 0600;

  /** Files are made in multiples of this, as direct I/O wants them. */
  private static final long SIZE_GRAIN = 4096;

  private SpareMaker() {}

  /** Refuses a size in which no useful spare fits. */
  public static void requireSize(String spare, long sizeBytes, int blockSizeBytes)
      throws RefusedException {
    long least = SpareLayout.minimumBytes(blockSizeBytes);
    if (sizeBytes < least) {
      throw tooSmall(spare, sizeBytes, least);
    }
  }

  private static RefusedException tooSmall(String spare, long sizeBytes, long leastBytes) {
    return RefusedException.usage(
        "the spare "
            + spare
            + " is too small: it has "
            + sizeBytes
            + " bytes and needs at least "
            + leastBytes
            + "; make it larger or name another with --spare");
  }

  /**
   * Makes a sparse file and formats it. The caller holds the lock on the backing, so nobody else
   * makes the same one.
   *
   * <p>Root may make it in a folder that somebody else may write. So it is opened once, exclusively
   * and never through a link, and then used by its descriptor only: whatever is put under its name
   * meanwhile is not cut to size and formatted.
   *
   * @param spare where nothing exists yet
   */
  public static Superblock create(
      Path spare, long sizeBytes, int blockSizeBytes, BackingIdentity backing, IoMode ioMode)
      throws RefusedException {
    requireSize(spare.toString(), sizeBytes, blockSizeBytes);
    requirePossible(spare, sizeBytes);
    Path unfinished = spare.resolveSibling(spare.getFileName() + ".new");
    boolean made = false;
    int fd = -1;
    try {
      Files.deleteIfExists(unfinished);
      fd = createPrivate(unfinished, sizeBytes & -SIZE_GRAIN);
      Superblock superblock;
      try (PosixBlockDevice device =
          PosixBlockDevice.open(byDescriptor(fd), ioMode, Access.READ_WRITE)) {
        superblock = MetadataStore.format(device, blockSizeBytes, backing);
      }
      Files.move(unfinished, spare, StandardCopyOption.ATOMIC_MOVE);
      made = true;
      FileSync.sync(spare.resolveSibling("."));
      return superblock;
    } catch (DeviceOpenException e) {
      RefusedException refusal = RefusedException.of(e);
      String sentence = refusal.getMessage().replace(byDescriptor(fd), spare.toString());
      throw new RefusedException(refusal.exitCode(), sentence, e);
    } catch (NoRoomException e) {
      throw noRoom(spare.toString(), e);
    } catch (IOException e) {
      throw new RefusedException(
          ExitCode.REFUSED,
          "the spare " + spare + " cannot be made (" + e + "); name another place with --spare",
          e);
    } finally {
      if (fd >= 0) {
        Posix.close(fd);
      }
      if (!made) {
        discard(unfinished);
      }
    }
  }

  private static int createPrivate(Path file, long sizeBytes) throws IOException {
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_NOFOLLOW | Posix.O_CLOEXEC;
    int fd = Posix.open(file.toString(), flags, OWNER_ONLY);
    if (fd < 0) {
      throw new IOException(Errno.describe(Posix.errno()));
    }
    if (Posix.ftruncate(fd, sizeBytes) != 0) {
      int errno = Posix.errno();
      Posix.close(fd);
      discard(file);
      throw new IOException(Errno.describe(errno));
    }
    return fd;
  }

  private static String byDescriptor(int fd) {
    return "/proc/self/fd/" + fd;
  }

  /**
   * Makes a sparse file of zeros, whose name is durable: a set that is told of it finds it after a
   * crash.
   *
   * @param spare where nothing exists yet
   */
  static void makeBlank(Path spare, long sizeBytes) throws RefusedException {
    requirePossible(spare, sizeBytes);
    boolean made = false;
    boolean whole = false;
    try {
      int fd = createPrivate(spare, sizeBytes & -SIZE_GRAIN);
      made = true;
      Posix.close(fd);
      FileSync.sync(spare);
      FileSync.sync(spare.resolveSibling("."));
      whole = true;
    } catch (IOException e) {
      throw new RefusedException(
          ExitCode.REFUSED,
          "the spare "
              + spare
              + " cannot be made ("
              + e.getMessage()
              + "); name another place, or make a file of zeros there that the daemon may write",
          e);
    } finally {
      if (made && !whole) {
        discard(spare);
      }
    }
  }

  static RefusedException noRoom(String spare, NoRoomException e) {
    return new RefusedException(
        ExitCode.REFUSED,
        "there is no room for the spare "
            + spare
            + ", whose metadata alone takes "
            + e.neededBytes()
            + " bytes; free some, or name another place with --spare",
        e);
  }

  /** A sparse file takes no room at first, but must be able to get all of it. */
  private static void requirePossible(Path spare, long sizeBytes) throws RefusedException {
    try {
      long total = Files.getFileStore(spare.resolveSibling(".")).getTotalSpace();
      if (total > 0 && sizeBytes > total) {
        throw RefusedException.usage(
            "a spare of "
                + ByteCount.describe(sizeBytes)
                + " is larger than the whole file system that "
                + spare
                + " would lie on, "
                + ByteCount.describe(total)
                + "; choose a smaller one");
      }
    } catch (IOException e) {
      // Then making the file says what is wrong.
      return;
    }
  }

  static void discard(Path unfinished) {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException e) {
      // What is left has a name that nobody opens, and the next attempt removes it.
      unfinished.toFile().deleteOnExit();
    }
  }

  /** Formats an open device; all that was on it is lost. */
  public static Superblock format(BlockDevice spare, int blockSizeBytes, BackingIdentity backing)
      throws RefusedException {
    try {
      return MetadataStore.format(spare, blockSizeBytes, backing);
    } catch (SpareTooSmallException e) {
      throw tooSmall(spare.name(), spare.sizeBytes(), e.requiredBytes());
    } catch (NoRoomException e) {
      throw noRoom(spare.name(), e);
    } catch (IOException e) {
      throw new RefusedException(
          ExitCode.FAILED,
          "the spare " + spare.name() + " cannot be written (" + e.getMessage() + ")",
          e);
    }
  }
}
