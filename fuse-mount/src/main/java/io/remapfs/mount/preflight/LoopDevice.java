package io.remapfs.mount.preflight;

import io.remapfs.engine.device.MountTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A loop device and the file behind it.
 *
 * @param device such as /dev/loop0
 * @param sysfs its directory below /sys/block
 */
public record LoopDevice(Path device, Path sysfs) {
  /** How long the kernel may take to let a device go once nobody uses it. */
  private static final long DETACH_NANOS = 10_000_000_000L;

  /** The loop devices whose backing file is {@code file}, which need not answer any more. */
  public static List<LoopDevice> over(Path file) {
    List<LoopDevice> found = new ArrayList<>();
    try (DirectoryStream<Path> blocks = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
      for (Path block : blocks) {
        if (backingFile(block).filter(file.toString()::equals).isPresent()) {
          found.add(new LoopDevice(Path.of("/dev").resolve(block.getFileName()), block));
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    return found;
  }

  private static Optional<String> backingFile(Path block) {
    try {
      return Optional.of(Files.readString(block.resolve("loop/backing_file")).strip());
    } catch (IOException e) {
      return Optional.empty(); // not attached
    }
  }

  /** Attaches a free loop device with direct I/O. Changes the system. */
  public static LoopDevice attach(Path image, boolean readOnly) throws RefusedException {
    List<String> command =
        new ArrayList<>(List.of("losetup", "--find", "--show", "--direct-io=on"));
    if (readOnly) {
      command.add("--read-only");
    }
    command.add(image.toString());
    String output = run(command, "no loop device can be attached to " + image);
    Path device = Path.of(output.strip());
    return new LoopDevice(device, Path.of("/sys/block").resolve(device.getFileName()));
  }

  /**
   * Detaches it and waits until the kernel has let it go. Changes the system.
   *
   * @throws RefusedException if something is mounted on it or has it open
   */
  public void detach() throws RefusedException {
    requireUnused();
    run(List.of("losetup", "--detach", device.toString()), device + " cannot be detached");
    long deadline = System.nanoTime() + DETACH_NANOS;
    while (Files.exists(sysfs.resolve("loop/backing_file"))) {
      if (System.nanoTime() > deadline) {
        throw RefusedException.refused(
            device + " is still open in another process; close it there and try again");
      }
      Pause.millis(2);
    }
  }

  /** Refuses a device on which something is mounted, or that another device is stacked on. */
  public void requireUnused() throws RefusedException {
    try {
      MountTable mounts = MountTable.read();
      List<Path> parts = new ArrayList<>(List.of(sysfs));
      try (DirectoryStream<Path> partitions =
          Files.newDirectoryStream(sysfs, sysfs.getFileName() + "p*")) {
        partitions.forEach(parts::add);
      }
      for (Path part : parts) {
        Optional<MountTable.Mount> mount =
            mounts.ofDevice(Files.readString(part.resolve("dev")).strip());
        if (mount.isPresent()) {
          throw RefusedException.refused(
              device
                  + " is mounted at "
                  + mount.get().mountPoint()
                  + "; unmount it first with:"
                  + " umount "
                  + mount.get().mountPoint());
        }
        requireNoHolders(part);
      }
    } catch (IOException e) {
      throw RefusedException.refused(device + " cannot be looked at: " + e.getMessage());
    }
  }

  private void requireNoHolders(Path part) throws IOException, RefusedException {
    Path holders = part.resolve("holders");
    if (!Files.isDirectory(holders)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(holders)) {
      for (Path holder : entries) {
        throw RefusedException.refused(
            device + " is used by /dev/" + holder.getFileName() + "; release that first");
      }
    }
  }

  /** Makes what was written to the device durable on the image. */
  public void sync() throws IOException {
    FileSync.sync(device);
  }

  private static String run(List<String> command, String failure) throws RefusedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw RefusedException.refused(failure + ": " + output.replace('\n', ' '));
      }
      return output;
    } catch (IOException e) {
      throw RefusedException.refused(
          failure + ": losetup cannot be run; install the package that has it (util-linux, mount)");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw RefusedException.refused(failure + ": interrupted");
    }
  }
}
