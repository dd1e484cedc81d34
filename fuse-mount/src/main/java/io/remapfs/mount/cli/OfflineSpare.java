package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.CorruptMetadataException;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareChoice;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens the metadata of a set that is not mounted, without its backing. */
final class OfflineSpare {
  private OfflineSpare() {}

  /** The spare beside a backing, or what was named itself. */
  static Path locate(Path named) {
    Path given = named.toAbsolutePath().normalize();
    Path beside = given.resolveSibling(given.getFileName() + SpareChoice.SUFFIX);
    return Files.exists(beside) ? beside : given;
  }

  /**
   * Opens, locks and recovers. A mounted set is refused by its lock.
   *
   * @param corrupt the exit code for damage past recovery
   */
  static MetadataStore open(Path spare, IoMode ioMode, Access access, ExitCode corrupt)
      throws RefusedException {
    PosixBlockDevice device;
    try {
      device = PosixBlockDevice.open(spare.toString(), ioMode, access);
    } catch (DeviceOpenException e) {
      throw RefusedException.of(e);
    }
    try {
      return MetadataStore.open(device, null, access);
    } catch (CorruptMetadataException e) {
      device.close();
      throw new RefusedException(corrupt, String.valueOf(e.getMessage()), e);
    } catch (MetadataException e) {
      device.close();
      throw new RefusedException(ExitCode.REFUSED, String.valueOf(e.getMessage()), e);
    }
  }
}
