package io.remapfs.health.forecast;

/**
 * A block of the medium that was found bad.
 *
 * @param blockIndex from 0
 * @param seenMillis when it was found, in milliseconds since 1970
 */
public record BadPlace(long blockIndex, long seenMillis) {}
