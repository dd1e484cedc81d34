package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** {@code fsync} of a file or device by its path. */
public final class FileSync {
  private FileSync() {}

  /**
   * Makes durable what was written to it by anyone.
   *
   * @throws IOException if durability is not certain
   */
  public static void sync(Path path) throws IOException {
    // Opened for reading: fsync needs no more, and a read-only mount refuses more.
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
