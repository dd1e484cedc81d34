package io.remapfs.engine.metadata;

/**
 * Which disk a spare belongs to.
 *
 * @param sizeBytes the backing's size
 * @param deviceId serial number or WWN of a device; "" for a regular file or where there is none
 */
public record BackingIdentity(long sizeBytes, String deviceId) {}
