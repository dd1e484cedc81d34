package io.remapfs.health.forecast;

/**
 * How full the spare was at a time.
 *
 * @param timeMillis in milliseconds since 1970
 * @param usedSlots slots ever handed out
 */
public record SpareSample(long timeMillis, long usedSlots) {}
