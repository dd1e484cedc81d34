package io.remapfs.engine.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What sysfs tells of a block device; a missing file is an answer, never an error. */
final class BlockDeviceSysfs {
  private static final int DEFAULT_SECTOR_BYTES = 512;

  private BlockDeviceSysfs() {}

  /** The logical sector of the disk behind a device number, in bytes; 512 where unknown. */
  static int logicalSectorSize(long dev) throws IOException {
    String value = firstOf(dev, List.of("queue/logical_block_size", "../queue/logical_block_size"));
    return value.isEmpty() ? DEFAULT_SECTOR_BYTES : Integer.parseInt(value);
  }

  /** The drive's WWN or serial number, also of a partition; empty where it has none. */
  static String serial(long rdev) throws IOException {
    return firstOf(
        rdev,
        List.of(
            "wwid",
            "device/wwid",
            "device/serial",
            "../device/serial",
            "serial",
            "../wwid",
            "../device/wwid",
            "../serial"));
  }

  /** {@code /sys/dev/block/MAJOR:MINOR}, with the encoding of glibc's {@code gnu_dev_major}. */
  static Path directory(long dev) {
    return Path.of("/sys/dev/block", number(dev));
  }

  /** "8:1". */
  static String number(long dev) {
    return major(dev) + ":" + minor(dev);
  }

  static long major(long dev) {
    return ((dev >>> 8) & 0xfff) | ((dev >>> 32) & ~0xfffL);
  }

  static long minor(long dev) {
    return (dev & 0xff) | ((dev >>> 12) & ~0xffL);
  }

  private static String firstOf(long dev, List<String> names) throws IOException {
    Path directory = directory(dev);
    if (!Files.exists(directory)) {
      return "";
    }
    // Resolved first, so that ".." leaves a partition for its disk.
    Path real = directory.toRealPath();
    for (String name : names) {
      Path file = real.resolve(name).normalize();
      if (Files.isReadable(file)) {
        String value = Files.readString(file).strip();
        if (!value.isEmpty()) {
          return value;
        }
      }
    }
    return "";
  }
}
