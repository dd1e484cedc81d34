package io.remapfs.health.scan;

/**
 * What a tour may take.
 *
 * @param bytesPerSecond of the disk, {@link #MIN_RATE} to {@link #MAX_RATE}
 * @param cpuPercent of one core, {@link #MIN_CPU} to {@link #MAX_CPU}
 */
public record ScanLimits(long bytesPerSecond, int cpuPercent) {
  public static final long MIN_RATE = 64L << 10;
  public static final long MAX_RATE = 1L << 40;
  public static final int MIN_CPU = 1;
  public static final int MAX_CPU = 100;

  /** 32 MiB/s and 2 % of one core. */
  public static final ScanLimits DEFAULT = new ScanLimits(32L << 20, 2);

  public ScanLimits {
    if (bytesPerSecond < MIN_RATE || bytesPerSecond > MAX_RATE) {
      throw new IllegalArgumentException("the rate must be 64K to 1T a second");
    }
    if (cpuPercent < MIN_CPU || cpuPercent > MAX_CPU) {
      throw new IllegalArgumentException("the share of a core must be 1 to 100 percent");
    }
  }
}
