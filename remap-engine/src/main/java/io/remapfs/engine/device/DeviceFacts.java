package io.remapfs.engine.device;

/**
 * What the kernel tells of a device.
 *
 * @param sizeBytes its size
 * @param sectorSizeBytes the unit of transfers; 1 with buffered I/O
 * @param isBlockDevice whether it is a block device rather than a regular file
 * @param serial the drive's serial number or WWN; empty for a regular file or where unknown
 */
public record DeviceFacts(
    long sizeBytes, int sectorSizeBytes, boolean isBlockDevice, String serial) {}
