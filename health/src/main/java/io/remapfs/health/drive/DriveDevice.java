package io.remapfs.health.drive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the drive under a block device: itself, or the disk that it is a partition of. Loop devices
 * and the like have no drive.
 */
public final class DriveDevice {
  private static final Path SYSFS = Path.of("/sys/class/block");

  private DriveDevice() {}

  /** The drive's node, to be asked about itself. */
  public static Optional<Path> of(Path blockDevice) {
    try {
      return of(blockDevice.toRealPath(), SYSFS);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  static Optional<Path> of(Path blockDevice, Path sysfs) throws IOException {
    @Nullable Path name = blockDevice.getFileName();
    if (name == null || !Files.isDirectory(sysfs.resolve(name))) {
      return Optional.empty();
    }
    Path entry = sysfs.resolve(name).toRealPath();
    @Nullable Path parent = entry.getParent();
    boolean isPartition = parent != null && Files.exists(entry.resolve("partition"));
    Path disk = isPartition && parent != null ? parent : entry;
    @Nullable Path diskName = disk.getFileName();
    // Only what is on a bus has a device.
    return diskName != null && Files.exists(disk.resolve("device"))
        ? Optional.of(blockDevice.resolveSibling(diskName))
        : Optional.empty();
  }
}
