package io.remapfs.engine.device;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Tells who else has the bytes of a device, and what to do about it. Looks, never touches. */
final class DeviceHolders {
  private static final String UNKNOWN =
      "is in use (part of an array or another volume, or open in another program); release it"
          + " there first";

  private DeviceHolders() {}

  /** What follows the device's name, where the kernel refused to open it exclusively. */
  static DeviceBusyException exclusively(String path, StorageLayers layers) {
    Optional<String> mounted = mountOver(layers, false);
    if (mounted.isPresent()) {
      return new DeviceBusyException(path + " " + mounted.get(), -1);
    }
    LockHolders processes = new LockHolders();
    long holder = processes.of(layers.extents());
    if (holder > 0) {
      return new DeviceBusyException(
          path + " is already in use by " + processes.describe(holder) + "; unmount it there first",
          holder);
    }
    Optional<String> other = swapOver(layers).or(() -> deviceOver(Path.of("/sys"), layers));
    return new DeviceBusyException(path + " " + other.orElse(UNKNOWN), -1);
  }

  /** "is in use (/dev/sda1 is mounted at /home); unmount it first with: umount /home". */
  static Optional<String> mountOver(StorageLayers layers, boolean onlyWritable) {
    try {
      for (MountTable.Mount mount : MountTable.read().mounts()) {
        if ((mount.writable() || !onlyWritable) && layers.overlaps(layersOf(mount))) {
          return Optional.of(
              "is in use ("
                  + mount.source()
                  + " is mounted at "
                  + mount.mountPoint()
                  + "); unmount it first with: umount "
                  + mount.mountPoint());
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  /** A file system of several devices, as btrfs, has a number of its own but names one of them. */
  private static StorageLayers layersOf(MountTable.Mount mount) {
    Path number = Path.of("/sys/dev/block", mount.device());
    if (Files.exists(number)) {
      return StorageLayers.ofDevice(mount.device());
    }
    return mount.source().startsWith("/dev/") && Files.exists(Path.of(mount.source()))
        ? StorageLayers.of(Path.of(mount.source()))
        : StorageLayers.none();
  }

  private static Optional<String> swapOver(StorageLayers layers) {
    try {
      List<String> lines = Files.readAllLines(Path.of("/proc/swaps"));
      for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
        String swap = line.split("\\s", 2)[0];
        if (layers.overlaps(StorageLayers.of(Path.of(swap)))) {
          return Optional.of("is in use as swap; end that first with: swapoff " + swap);
        }
      }
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  /** Arrays, volumes and encrypted devices that are made of it. */
  private static Optional<String> deviceOver(Path sys, StorageLayers layers) {
    return layers.extents().stream()
        .map(extent -> sys.resolve("class/block").resolve(extent.node().getFileName()))
        .flatMap(directory -> namesIn(directory.resolve("holders")).stream())
        .findFirst()
        .map(holder -> "is part of /dev/" + holder + "; release it there first");
  }

  private static List<Path> namesIn(Path directory) {
    List<Path> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      entries.forEach(entry -> names.add(entry.getFileName()));
    } catch (IOException e) {
      return List.of(); // the layer is no block device
    }
    return names;
  }
}
