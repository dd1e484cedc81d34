package io.remapfs.mount.cli;

import io.remapfs.engine.device.MountTable;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that a picture is to be written to: whole or not at all, never over another one unless
 * asked, and never on a mount of ours, which holds a failing disk.
 */
record PictureFile(Path path) {
  /** Refuses what must not be written; changes nothing. */
  void requireWritable(boolean force) throws RefusedException {
    Path parent = path.toAbsolutePath().normalize().getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw RefusedException.usage(
          "the directory of " + path + " does not exist; name a file in one that does");
    }
    if (isOnMount(parent)) {
      throw RefusedException.usage(
          path + " would lie on the mount itself; name a file on another disk");
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw RefusedException.usage(path + " is not a regular file; name another one");
    }
    if (!force) {
      throw RefusedException.usage(path + " exists; name a new file, or add --force");
    }
  }

  private static boolean isOnMount(Path parent) throws RefusedException {
    try {
      Path real = parent.toRealPath();
      return MountTable.read().mounts().stream()
          .filter(MountTable.Mount::isRemapfs)
          .anyMatch(mount -> real.startsWith(mount.mountPoint()));
    } catch (IOException e) {
      throw RefusedException.refused(
          "where " + parent + " lies cannot be found out: " + e.getMessage());
    }
  }

  /** Writes it beside its place first, so that a reader sees the old one or the new one whole. */
  void write(String contents) throws RefusedException {
    try {
      // Not Files.createTempFile, whose files nobody else may read whatever the umask.
      Path written = path.resolveSibling(".remapfs-map." + UUID.randomUUID() + ".tmp");
      try {
        try (FileChannel channel =
            FileChannel.open(written, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
          ByteBuffer bytes = StandardCharsets.UTF_8.encode(contents);
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
          channel.force(true);
        }
        Files.move(written, path, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(written);
      }
    } catch (IOException e) {
      String why = e instanceof FileSystemException at ? at.getReason() : e.getMessage();
      throw new RefusedException(
          ExitCode.FAILED, path + " cannot be written: " + (why == null ? e : why), e);
    }
  }
}
