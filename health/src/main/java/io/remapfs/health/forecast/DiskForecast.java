package io.remapfs.health.forecast;

/**
 * All that is foretold of a disk.
 *
 * @param blocks which are likely to fail
 * @param spare when it runs out
 * @param preempted blocks ever moved ahead of time
 * @param preemption what moving ahead of time does now, in words for people
 */
public record DiskForecast(
    Forecast blocks, SpareForecast spare, long preempted, String preemption) {}
