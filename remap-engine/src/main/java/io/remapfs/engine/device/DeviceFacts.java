package io.remapfs.engine.device;

/**
 * What the kernel tells of a device.
 *
 * @param sizeBytes its size
 * @param sectorSizeBytes the unit of transfers; 1 with buffered I/O
 * @param isBlockDevice whether it is a block device rather than a regular file
 * @param identity what tells it from every other, a copy of it among them, whatever it is called:
 *     the drive's serial number or WWN, for a partition with its place; for a file its inode and
 *     birth, also where a loop device lies over it; empty where unknown
 */
public record DeviceFacts(
    long sizeBytes, int sectorSizeBytes, boolean isBlockDevice, String identity) {}
