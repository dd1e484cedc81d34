package io.remapfs.engine.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Tells who else has a device, from what the kernel publishes. */
public final class DeviceHolders {
  private DeviceHolders() {}

  /**
   * The process that holds a {@code flock} on a file, from /proc/locks.
   *
   * @return its id, or -1 where none is seen (it may be in another container)
   */
  public static long flockHolder(Path path) {
    try {
      long dev = (long) Files.getAttribute(path, "unix:dev");
      long inode = (long) Files.getAttribute(path, "unix:ino");
      String id =
          String.format(
              "%02x:%02x:%d", BlockDeviceSysfs.major(dev), BlockDeviceSysfs.minor(dev), inode);
      return flockHolder(Files.readAllLines(Path.of("/proc/locks")), id);
    } catch (IOException e) {
      return -1;
    }
  }

  /** The same from the lines of /proc/locks, for a file named "MAJOR:MINOR:INODE". */
  static long flockHolder(List<String> lines, String id) {
    for (String line : lines) {
      // "1: FLOCK  ADVISORY  WRITE 708 fe:00:1234 0 EOF"; "->" marks one who only waits.
      String[] fields = line.trim().split("\\s+", -1);
      if (fields.length > 5 && fields[1].equals("FLOCK") && fields[5].equals(id)) {
        return fields[4].matches("[0-9]{1,18}") ? Long.parseLong(fields[4]) : -1;
      }
    }
    return -1;
  }

  /** "mounted at /home", or a guess: what keeps a block device from being opened exclusively. */
  public static String ofBlockDevice(String path) {
    try {
      long rdev = (long) Files.getAttribute(Path.of(path), "unix:rdev");
      String id = BlockDeviceSysfs.major(rdev) + ":" + BlockDeviceSysfs.minor(rdev);
      String real = Path.of(path).toRealPath().toString();
      for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
        String[] fields = line.split(" ", -1);
        int dash = List.of(fields).indexOf("-");
        boolean same = fields[2].equals(id) || (dash > 0 && fields[dash + 2].equals(real));
        if (same) {
          return "mounted at " + fields[4];
        }
      }
    } catch (IOException | RuntimeException e) {
      return "mounted, or part of an array or another volume";
    }
    return "mounted, or part of an array or another volume";
  }

  /** The loop devices whose backing file is {@code path}: "/dev/loop0", ... */
  public static List<String> loopDevicesOver(Path path) {
    try (Stream<Path> blocks = Files.list(Path.of("/sys/block"))) {
      Path real = path.toRealPath();
      return blocks
          .filter(block -> isBackedBy(block, real))
          .map(block -> "/dev/" + block.getFileName())
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static boolean isBackedBy(Path block, Path real) {
    Path backing = block.resolve("loop/backing_file");
    try {
      return Files.isReadable(backing) && Files.readString(backing).strip().equals(real.toString());
    } catch (IOException e) {
      return false;
    }
  }
}
