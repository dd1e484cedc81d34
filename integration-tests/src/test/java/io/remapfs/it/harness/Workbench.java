package io.remapfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One test's folder and everything made in it, taken down in reverse order at its end. A test takes
 * it as a parameter; {@link LeavesNoTrace} makes and closes it.
 */
public final class Workbench implements AutoCloseable {
  private final Path folder;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private int made;

  Workbench(Path folder) {
    this.folder = folder;
  }

  public Path folder() {
    return folder;
  }

  /** A path in the folder; nothing is created. */
  public Path path(String name) {
    return folder.resolve(name);
  }

  /** A new empty folder. */
  public Path folder(String name) {
    try {
      return Files.createDirectories(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A regular sparse file of zeros. */
  public Path disk(String name, long sizeBytes) {
    return Images.sparse(folder.resolve(name), sizeBytes);
  }

  /** A healthy disk that can be given faults. */
  public FailingDisk failingDisk(String name, long sizeBytes) {
    return keep(FailingDisk.start(folder.resolve(name), sizeBytes));
  }

  /** A healthy disk of random-looking bytes ({@link Images#pattern} of {@code seed}). */
  public FailingDisk filledFailingDisk(String name, long sizeBytes, long seed) {
    Path store = folder(name).resolve("store.img");
    Images.sparse(store, sizeBytes);
    Images.fill(store, seed);
    return failingDisk(name, sizeBytes);
  }

  /** Mounts {@code backing} at a mount point of its own. */
  public Mounted mount(Path backing, String... options) {
    return keep(Mounted.mount(backing, folder.resolve("mount-" + made++), options));
  }

  /**
   * Formats a spare of 16 MiB for {@code backing} and mounts both. A {@link FailingDisk}'s folder
   * cannot take a spare of its own, hence the named one.
   */
  public Mounted mountFormatted(Path backing, int blockSizeBytes, String... options) {
    Path spare = disk("spare-" + made++ + ".img", 16 * Images.MIB);
    return mountFormatted(backing, spare, blockSizeBytes, options);
  }

  /** The same with the spare given. */
  public Mounted mountFormatted(Path backing, Path spare, int blockSizeBytes, String... options) {
    Mounted.remapfs(
            "format",
            "--block-size",
            Integer.toString(blockSizeBytes),
            "--spare",
            spare.toString(),
            backing.toString())
        .orFail();
    String[] all = new String[options.length + 2];
    all[0] = "--spare";
    all[1] = spare.toString();
    System.arraycopy(options, 0, all, 2, options.length);
    return mount(backing, all);
  }

  public LoopDevice loop(Path file) {
    return keep(LoopDevice.attach(file));
  }

  /** The same with options of losetup. */
  public LoopDevice loop(Path file, String... options) {
    return keep(LoopDevice.attach(file, options));
  }

  /** Mounts a file system of the kernel's; unmounted at the end. */
  public Path mountFileSystem(String device, String... options) {
    Path mountPoint = folder("filesystem-" + made++);
    String[] command = new String[options.length + 3];
    command[0] = "mount";
    System.arraycopy(options, 0, command, 1, options.length);
    command[options.length + 1] = device;
    command[options.length + 2] = mountPoint.toString();
    Shell.run(command).orFail();
    keep(
        () -> {
          if (MountTable.isMounted(mountPoint)) {
            Shell.run("umount", mountPoint.toString()).orFail();
          }
        });
    return mountPoint;
  }

  /** Has {@code resource} closed at the end of the test, before all that was kept earlier. */
  public <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  /**
   * Closes everything, also after a failure of one, then removes the folder.
   *
   * @throws IllegalStateException with the first failure as its cause
   */
  @Override
  public void close() throws IOException {
    @Nullable Throwable first = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception | AssertionError e) {
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw new IllegalStateException("not everything could be taken down", first);
    }
    if (MountTable.mountsBelow(folder).isEmpty()) {
      deleteTree(folder);
    }
  }

  static void deleteTree(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<Path>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
