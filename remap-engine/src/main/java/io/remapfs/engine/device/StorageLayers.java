package io.remapfs.engine.device;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * On what a device lies: itself, the disk that it is a partition of, the file that its loop device
 * is attached to, and so on down. Two devices share bytes where any of their layers overlap, by
 * whatever names they go.
 *
 * <p>A layer that cannot be seen (no sysfs, a container without the disk's node, no right to ask a
 * loop device) is left out: what is known still counts. Immutable.
 */
public final class StorageLayers {
  /** Deeper stacks of loop devices than anybody builds; an end for those that turn in a circle. */
  private static final int MOST_LAYERS = 16;

  private static final int SECTOR_BYTES = 512;
  private static final int S_IFMT = 0xF000;
  private static final int S_IFBLK = 0x6000;

  private final List<StorageExtent> extents;

  private StorageLayers(List<StorageExtent> extents) {
    this.extents = List.copyOf(extents);
  }

  /** What the device or file of this name lies on; links are followed. */
  public static StorageLayers of(Path path) {
    return of(path, Kernel.real());
  }

  static StorageLayers ofExtents(List<StorageExtent> extents) {
    return new StorageLayers(extents);
  }

  static StorageLayers none() {
    return new StorageLayers(List.of());
  }

  /** The same for a disk or partition by its number, "8:1". */
  static StorageLayers ofDevice(String number) {
    List<StorageExtent> extents = new ArrayList<>();
    try {
      Kernel.real().addDevice(number, 0, -1, extents);
    } catch (IOException | RuntimeException e) {
      return new StorageLayers(extents);
    }
    return new StorageLayers(extents);
  }

  static StorageLayers of(Path path, Kernel kernel) {
    List<StorageExtent> extents = new ArrayList<>();
    try {
      if (((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK) {
        long rdev = (long) Files.getAttribute(path, "unix:rdev");
        kernel.addDevice(BlockDeviceSysfs.number(rdev), 0, -1, extents);
      } else {
        extents.add(new StorageExtent(fileKey(path), path, 0, StorageExtent.END));
      }
    } catch (IOException | RuntimeException e) {
      return new StorageLayers(extents);
    }
    return new StorageLayers(extents);
  }

  /** Topmost first. */
  List<StorageExtent> extents() {
    return extents;
  }

  /** Whether a byte of one is a byte of the other. */
  public boolean overlaps(StorageLayers other) {
    return extents.stream()
        .anyMatch(mine -> other.extents.stream().anyMatch(theirs -> mine.overlaps(theirs)));
  }

  /**
   * The loop devices over these bytes that do not belong to the layers themselves: what is written
   * to one of them goes past whoever has these. "/dev/loop0", ...
   */
  public List<Path> otherLoopDevices() {
    return otherLoopDevices(Kernel.real());
  }

  List<Path> otherLoopDevices(Kernel kernel) {
    return kernel.attachedLoops().stream()
        .filter(loop -> extents.stream().noneMatch(mine -> mine.object().equals(loop.object())))
        .filter(loop -> overlaps(new StorageLayers(loop.layers())))
        .map(Kernel.Loop::node)
        .sorted()
        .toList();
  }

  private static String fileKey(Path path) throws IOException {
    return fileKey(
        (long) Files.getAttribute(path, "unix:dev"), (long) Files.getAttribute(path, "unix:ino"));
  }

  private static String fileKey(long dev, long inode) {
    return "file " + dev + ":" + inode;
  }

  /**
   * What sysfs and the loop driver tell.
   *
   * @param loops asks an attached loop device by its node
   */
  record Kernel(Path sys, Path dev, Function<Path, Optional<LoopStatus>> loops) {
    static Kernel real() {
      return new Kernel(Path.of("/sys"), Path.of("/dev"), LoopStatus::of);
    }

    record Loop(String object, Path node, List<StorageExtent> layers) {}

    List<Loop> attachedLoops() {
      List<Loop> found = new ArrayList<>();
      try (DirectoryStream<Path> disks =
          Files.newDirectoryStream(sys.resolve("block"), "loop[0-9]*")) {
        for (Path disk : disks) {
          if (Files.isReadable(disk.resolve("loop/backing_file"))) {
            addAttached(disk, found);
          }
        }
      } catch (IOException e) {
        return found;
      }
      return found;
    }

    private void addAttached(Path disk, List<Loop> found) {
      try {
        List<StorageExtent> layers = new ArrayList<>();
        addDisk(disk, 0, bytesOf(disk), layers);
        found.add(new Loop(layers.get(0).object(), layers.get(0).node(), layers));
      } catch (IOException | RuntimeException e) {
        return; // detached this moment
      }
    }

    /**
     * A disk or partition by its number.
     *
     * @param lengthBytes -1 for all of it
     */
    void addDevice(String number, long from, long lengthBytes, List<StorageExtent> extents)
        throws IOException {
      Path directory = sys.resolve("dev/block").resolve(number).toRealPath();
      long length = lengthBytes < 0 ? bytesOf(directory) - from : lengthBytes;
      if (!Files.exists(directory.resolve("partition"))) {
        addDisk(directory, from, length, extents);
        return;
      }
      Path disk = directory.getParent();
      if (disk != null) {
        addDisk(disk, from + number(directory.resolve("start")) * SECTOR_BYTES, length, extents);
      }
    }

    private void addDisk(Path disk, long from, long lengthBytes, List<StorageExtent> extents)
        throws IOException {
      if (extents.size() >= MOST_LAYERS) {
        return;
      }
      Path node = dev.resolve(String.valueOf(disk.getFileName()).replace('!', '/'));
      extents.add(
          new StorageExtent("disk " + text(disk.resolve("dev")), node, from, from + lengthBytes));
      Path backingFile = disk.resolve("loop/backing_file");
      if (Files.isReadable(backingFile)) {
        addFileOfLoop(disk, Path.of(text(backingFile)), node, from, lengthBytes, extents);
      }
    }

    private void addFileOfLoop(
        Path disk, Path file, Path node, long from, long lengthBytes, List<StorageExtent> extents)
        throws IOException {
      long start = from + number(disk.resolve("loop/offset"));
      @Nullable LoopStatus status = loops.apply(node).orElse(null);
      if (status != null && status.rdev() != 0) {
        addDevice(BlockDeviceSysfs.number(status.rdev()), start, lengthBytes, extents);
      } else if (status != null) {
        String key = fileKey(status.dev(), status.inode());
        extents.add(new StorageExtent(key, file, start, start + lengthBytes));
      } else if (Files.exists(file)) {
        extents.add(new StorageExtent(fileKey(file), file, start, start + lengthBytes));
      }
    }

    private static long bytesOf(Path directory) throws IOException {
      return number(directory.resolve("size")) * SECTOR_BYTES;
    }

    private static long number(Path file) throws IOException {
      return Long.parseLong(text(file));
    }

    private static String text(Path file) throws IOException {
      return Files.readString(file).strip();
    }
  }
}
