package io.remapfs.mount.daemon;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.NotFormattedException;
import io.remapfs.engine.metadata.TagSurvey;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;

/** Whether a device may become a spare without anything being lost. */
public final class BlankDevice {
  /** What is looked at to tell a blank device: every label and superblock begins within. */
  private static final int LOOKED_AT_BYTES = 1 << 20;

  private static final long BLOCK_GRAIN = 4096;

  private BlankDevice() {}

  /** Refuses a device with anything on it. */
  public static void require(PosixBlockDevice device) throws RefusedException {
    if (!isBlank(device)) {
      throw RefusedException.refused(
          device.name()
              + " is not blank; add --force to overwrite it, which forgets every block moved there");
    }
  }

  private static boolean isBlank(PosixBlockDevice device) throws RefusedException {
    int lengthBytes = (int) Math.min(LOOKED_AT_BYTES, device.sizeBytes() & -BLOCK_GRAIN);
    IoBuffer buffer = IoBuffer.allocate(lengthBytes);
    try {
      device.read(0, buffer, 0, lengthBytes);
    } catch (BlockDeviceException e) {
      throw new RefusedException(
          ExitCode.REFUSED, "the spare " + device.name() + " cannot be read: " + e.getMessage(), e);
    }
    for (int i = 0; i < lengthBytes; i++) {
      if (buffer.bytes().get(i) != 0) {
        return false;
      }
    }
    return !hasBeenASpare(device);
  }

  /** A spare whose beginning was zeroed by accident still has other copies, or its slots' tags. */
  private static boolean hasBeenASpare(PosixBlockDevice device) {
    try {
      MetadataStore.identify(device);
      return true;
    } catch (NotFormattedException e) {
      try {
        return TagSurvey.of(device).isPresent();
      } catch (MetadataException e2) {
        return true;
      }
    } catch (MetadataException e) {
      return true;
    }
  }
}
