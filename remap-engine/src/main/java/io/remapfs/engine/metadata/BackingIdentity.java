package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;

/**
 * Which disk a spare belongs to.
 *
 * @param sizeBytes the backing's size
 * @param deviceId what tells it from others of that size: a device's serial number or WWN, a file's
 *     inode and birth ({@link BlockDevice#identity}); "" where unknown
 */
public record BackingIdentity(long sizeBytes, String deviceId) {
  private static final String OF_FILE = "inode ";

  /** That of an open device. */
  public static BackingIdentity of(BlockDevice device) {
    return new BackingIdentity(device.sizeBytes(), device.identity());
  }

  /** Whether the id is a file's, which a legitimate copy does not share. */
  boolean isOfFile() {
    return deviceId.startsWith(OF_FILE);
  }

  /**
   * Whether {@code present} is another device for certain. A set made where no id was known, or by
   * a remapfs that did not tell partitions apart, says less, and is no contradiction.
   */
  boolean contradicts(BackingIdentity present) {
    return !deviceId.isEmpty()
        && !isOfFile()
        && !present.deviceId.equals(deviceId)
        && !present.deviceId.startsWith(deviceId + BlockDevice.FROM_BYTE);
  }
}
