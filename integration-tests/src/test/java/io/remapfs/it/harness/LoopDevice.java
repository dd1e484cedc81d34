package io.remapfs.it.harness;

import java.nio.file.Path;

/** A loop device with direct I/O over a file; detached when closed. */
public final class LoopDevice implements AutoCloseable {
  private final String device;
  private boolean attached = true;

  private LoopDevice(String device) {
    this.device = device;
  }

  /** Attaches the first free loop device to {@code file}. */
  public static LoopDevice attach(Path file) {
    return new LoopDevice(
        Shell.run("losetup", "-f", "--show", "--direct-io=on", file.toString())
            .orFail()
            .stdout()
            .trim());
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
