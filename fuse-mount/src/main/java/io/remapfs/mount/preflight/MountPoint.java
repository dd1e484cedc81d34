package io.remapfs.mount.preflight;

import io.remapfs.engine.device.MountTable;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * A directory at which an image is served, or is to be.
 *
 * @param directory its real path
 * @param state what is there now
 */
public record MountPoint(Path directory, State state) {
  private static final int MNT_DETACH = 2;

  /** What is found at a mount point. */
  public enum State {
    /** An empty directory. */
    FREE,
    /** A directory with something in it that is not ours. */
    OCCUPIED,
    /** A mount of ours, whose daemon answers. */
    SERVING,
    /** A FUSE mount whose daemon is gone (ENOTCONN). */
    DEAD
  }

  /** Looks at a directory to mount on. What does not exist or is no directory is refused. */
  public static MountPoint look(Path given) throws RefusedException {
    return look(given, "create it with: mkdir -p " + given, "name an empty directory");
  }

  /**
   * Looks at a directory where an image should be served, to the same refusals as {@link #look}.
   */
  public static MountPoint lookForMount(Path given) throws RefusedException {
    String advice = "name the directory that an image was mounted on";
    return look(given, advice, advice);
  }

  private static MountPoint look(Path given, String ifMissing, String ifNoDirectory)
      throws RefusedException {
    Path absolute = given.toAbsolutePath().normalize();
    try {
      if (!Files.readAttributes(absolute, BasicFileAttributes.class).isDirectory()) {
        throw RefusedException.usage(
            "the mount point " + given + " is not a directory; " + ifNoDirectory);
      }
      Path real = absolute.toRealPath();
      if (mountAt(real).map(MountTable.Mount::isRemapfs).orElse(false)) {
        return new MountPoint(real, State.SERVING);
      }
      return new MountPoint(real, isEmpty(real) ? State.FREE : State.OCCUPIED);
    } catch (NoSuchFileException e) {
      throw RefusedException.usage("the mount point " + given + " does not exist; " + ifMissing);
    } catch (AccessDeniedException e) {
      throw RefusedException.refused(
          "the mount point "
              + given
              + " may not be entered by this user (permission denied); run as its owner");
    } catch (FileSystemException e) {
      Optional<Path> dead = deadMountAt(absolute);
      if (dead.isPresent()) {
        return new MountPoint(dead.get(), State.DEAD);
      }
      throw RefusedException.refused(
          "the mount point " + given + " cannot be looked at: " + e.getReason());
    } catch (IOException e) {
      throw RefusedException.refused(
          "the mount point " + given + " cannot be looked at: " + e.getMessage());
    }
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      return !entries.iterator().hasNext();
    }
  }

  /** A dead mount cannot be resolved itself, so its parent is. */
  private static Optional<Path> deadMountAt(Path absolute) throws RefusedException {
    Path parent = absolute.getParent();
    Path name = absolute.getFileName();
    if (parent == null || name == null) {
      return Optional.empty();
    }
    try {
      Path candidate = parent.toRealPath().resolve(name);
      return mountAt(candidate).filter(MountTable.Mount::isFuse).map(MountTable.Mount::mountPoint);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<MountTable.Mount> mountAt(Path directory) throws IOException {
    return MountTable.read().at(directory);
  }

  /** The exposed file. */
  public Path image() {
    return directory.resolve("image");
  }

  /** One of the virtual files beside the image. */
  public Path file(String name) {
    return directory.resolve(name);
  }

  /** Refuses whatever cannot be mounted on; {@code clearStale} lets a dead mount pass. */
  public void requireMountable(boolean clearStale) throws RefusedException {
    if (state == State.SERVING) {
      throw RefusedException.refused(
          directory
              + " already serves an image; unmount it first with: remapfs umount "
              + directory);
    }
    if (state == State.DEAD && !clearStale) {
      throw RefusedException.refused(
          directory
              + " is a dead FUSE mount whose daemon is gone; add --clear-stale to clear it, or run:"
              + " remapfs umount "
              + directory);
    }
    if (state == State.OCCUPIED) {
      throw RefusedException.usage(
          "the mount point " + directory + " is not empty; name an empty directory");
    }
    if (state == State.FREE && !Host.isRoot() && !Files.isWritable(directory)) {
      throw RefusedException.refused(
          "the mount point "
              + directory
              + " may not be written by this user (permission denied),"
              + " which fusermount asks for; name a directory of your own");
    }
  }

  /** Refuses whatever is no live mount of ours. */
  public void requireServing() throws RefusedException {
    if (state == State.DEAD) {
      throw RefusedException.refused(
          directory
              + " is a dead FUSE mount whose daemon is gone; mount it again with --clear-stale, or"
              + " run: remapfs umount "
              + directory);
    }
    if (state != State.SERVING) {
      throw RefusedException.refused(
          directory + " is not a mount of remapfs; name the directory that it was mounted on");
    }
  }

  /**
   * Takes a dead mount away, with the loop devices that still hang on its image. Changes the
   * system.
   */
  public void clearDead() throws RefusedException {
    for (LoopDevice loop : LoopDevice.over(image())) {
      loop.detach();
    }
    if (unmount(0) == 0) {
      return;
    }
    // Open descriptors on a dead mount keep it busy, but nothing can be written through them any
    // more: detaching it lazily loses nothing here, unlike with a live one.
    int errno = unmount(MNT_DETACH);
    if (errno != 0) {
      throw RefusedException.refused(
          "the dead mount at " + directory + " cannot be cleared: " + Errno.describe(errno));
    }
  }

  /**
   * Unmounts, never lazily. Changes the system.
   *
   * @return 0, or the errno
   */
  public int unmount() {
    return unmount(0);
  }

  private int unmount(int flags) {
    if (LibC.INSTANCE.umount2(directory.toString(), flags) == 0) {
      return 0;
    }
    int errno = Errno.last();
    if (errno != Errno.EPERM || !isMadeByUs()) {
      return errno;
    }
    return Fusermount.unmount(directory, flags == MNT_DETACH) ? 0 : Errno.EBUSY;
  }

  private boolean isMadeByUs() {
    try {
      return mountAt(directory).filter(mount -> mount.isMadeBy(Posix.effectiveUid())).isPresent();
    } catch (IOException e) {
      return false;
    }
  }
}
