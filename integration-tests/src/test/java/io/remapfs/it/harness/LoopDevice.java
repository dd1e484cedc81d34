package io.remapfs.it.harness;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A loop device with direct I/O over a file; detached when closed. */
public final class LoopDevice implements AutoCloseable {
  private static final int SECTOR_BYTES = 512;

  private final String device;
  private boolean attached = true;

  private LoopDevice(String device) {
    this.device = device;
  }

  /** Attaches the first free loop device to {@code file}. */
  public static LoopDevice attach(Path file) {
    return attach(file, "--direct-io=on");
  }

  /** The same with options of losetup. */
  public static LoopDevice attach(Path file, String... options) {
    List<String> command = new ArrayList<>(List.of("losetup", "-f", "--show"));
    command.addAll(List.of(options));
    command.add(file.toString());
    return new LoopDevice(Shell.run(command.toArray(String[]::new)).orFail().stdout().trim());
  }

  /**
   * Makes partition {@code number} of it, known to the kernel only. The device must have been
   * attached with {@code --partscan}.
   */
  public Path partition(int number, long byteOffset, long lengthBytes) {
    Shell.run(
            "addpart",
            device,
            Integer.toString(number),
            Long.toString(byteOffset / SECTOR_BYTES),
            Long.toString(lengthBytes / SECTOR_BYTES))
        .orFail();
    return Path.of(device + "p" + number);
  }

  /** {@code /dev/loopN}. */
  public String device() {
    return device;
  }

  public Path path() {
    return Path.of(device);
  }

  @Override
  public void close() {
    if (!attached) {
      return;
    }
    attached = false;
    Shell.run("losetup", "-d", device).orFail();
    // losetup -d is lazy while someone (udev, blkid) has the device open: the file must be free
    // before its own mount can go.
    Await.until(device + " detached", () -> Shell.run("losetup", device).exitCode() != 0);
  }
}
