package io.remapfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A disk image whose bad ranges come and go while it is in use: nbdkit serves {@code store} through
 * {@code packaging/failing-disk/failing-disk.c} and nbdfuse shows it as a file.
 *
 * <p>{@link #store()} is the medium itself, without its faults: tests look there for what really
 * reached the disk. Not thread-safe.
 */
public final class FailingDisk implements AutoCloseable {
  private final Path folder;
  private final Path store;
  private final Path image;
  private final Path faults;
  private final Process nbdfuse;
  private long faultsVersion;

  private FailingDisk(Path folder, Path plugin, long sizeBytes) throws IOException {
    this.folder = folder;
    Path mountPoint = Files.createDirectories(folder.resolve("disk"));
    store = folder.resolve("store.img");
    faults = folder.resolve("faults");
    image = mountPoint.resolve("disk.img");
    if (!Files.exists(store)) {
      Images.sparse(store, sizeBytes);
    }
    faults();
    Path pidFile = folder.resolve("nbdfuse.pid");
    nbdfuse =
        new ProcessBuilder(
                "nbdfuse",
                "-P",
                pidFile.toString(),
                image.toString(),
                "--socket-activation",
                "nbdkit",
                "--exit-with-parent",
                plugin.toString(),
                "file=" + store,
                "faults=" + faults)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("nbdfuse.log").toFile())
            .start();
    try {
      Await.until(
          "nbdfuse on " + image,
          () -> {
            if (!nbdfuse.isAlive()) {
              throw new IllegalStateException(log());
            }
            return Files.exists(pidFile) && Files.size(image) == sizeBytes;
          });
    } catch (RuntimeException | Error e) {
      String log = log();
      close();
      throw new AssertionError("nbdfuse did not come up: " + log, e);
    }
  }

  /** Starts a healthy disk of {@code sizeBytes} in {@code folder}, which is created. */
  public static FailingDisk start(Path folder, long sizeBytes) {
    try {
      Files.createDirectories(folder);
      return new FailingDisk(folder, FailingDiskPlugin.built(), sizeBytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file that fails; what remapfs is given as its backing or spare. */
  public Path image() {
    return image;
  }

  /** The same bytes without the faults. */
  public Path store() {
    return store;
  }

  /** Replaces all faults; none given heals the disk. Holds for every request after the return. */
  public void faults(Fault... newFaults) {
    StringBuilder text = new StringBuilder();
    for (Fault fault : newFaults) {
      text.append(fault.line());
    }
    faultsText(text.toString());
  }

  /** Replaces the faults by the lines of {@code text}. */
  public void faultsText(String text) {
    try {
      Path next = folder.resolve("faults.next");
      Files.writeString(next, text);
      // The plugin looks at time and size. Two edits within one tick of the kernel's clock could
      // look alike, so each version gets a time of its own.
      faultsVersion++;
      Files.setLastModifiedTime(
          next, FileTime.from(1_000_000_000L + faultsVersion, TimeUnit.SECONDS));
      Files.move(next, faults, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends its server as a crash would: the file is there, and every request fails from now on. */
  public void kill() {
    try {
      nbdfuse.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("nbdfuse.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    Path mountPoint = image.getParent();
    if (mountPoint != null && MountTable.isMounted(mountPoint)) {
      Shell.run("fusermount3", "-u", mountPoint.toString()).orFail();
    }
    try {
      if (!nbdfuse.waitFor(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS)) {
        nbdfuse.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
