package io.remapfs.health.region;

import java.time.Duration;
import java.time.Instant;

/**
 * What happened in one region of the disk. Counters stop at their greatest value.
 *
 * <p><b>The rate of errors</b> is kept as two sums over all errors, {@code e^(-age / T)} each, with
 * T = {@link #FAST_DAYS} and {@link #SLOW_DAYS}: exponentially decayed counters, as the kernel's
 * load average, that need no history and can be asked at any time. The slow sum, by its days, is
 * the {@linkplain #errorsPerDay rate}; the fast one's rate less the slow one's is the {@linkplain
 * #trend trend}: above 0 while errors come faster than they did, below 0 while they cease.
 *
 * <p>The packed form is {@value #WORDS} longs:
 *
 * <pre>
 *   0  read errors u24 | write errors u16 | slow I/Os u24
 *   1  salvaged u24 | lost u24 | zeros u16
 *   2  first error u32 | last error u32        in seconds since 1970, 0 where there is none
 *   3  last scan u32 | fast sum (float bits)   sums as of the last error
 *   4  slow sum (float bits) | zeros u32
 * </pre>
 *
 * @param readErrors blocks of which a read failed, 0 to 2^24 - 1
 * @param writeErrors blocks of which a write failed, 0 to 2^16 - 1
 * @param slowIos reads that were right and took much longer than others, 0 to 2^24 - 1
 * @param salvaged blocks moved to a slot with the contents they had, 0 to 2^24 - 1
 * @param lost blocks that became PENDING, 0 to 2^24 - 1
 * @param firstErrorSeconds when the first error happened, in seconds since 1970; 0 where none did
 * @param lastErrorSeconds the same of the last error
 * @param lastScanSeconds when the scanner last read the region to its end; 0 where it never did
 * @param fastSum errors, each weighed by its age, as of the last error
 * @param slowSum the same with the slower decay
 */
public record RegionHealth(
    int readErrors,
    int writeErrors,
    int slowIos,
    int salvaged,
    int lost,
    long firstErrorSeconds,
    long lastErrorSeconds,
    long lastScanSeconds,
    float fastSum,
    float slowSum) {
  /** Longs of the packed form. */
  static final int WORDS = 5;

  /** The decay of the fast sum, in days. */
  public static final double FAST_DAYS = 1;

  /** The decay of the slow sum, in days. */
  public static final double SLOW_DAYS = 14;

  private static final int MAX_U24 = (1 << 24) - 1;
  private static final int MAX_U16 = (1 << 16) - 1;
  private static final long MAX_U32 = 0xFFFFFFFFL;
  private static final double SECONDS_A_DAY = 86_400;

  /** Nothing happened. */
  static final RegionHealth NOTHING = new RegionHealth(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  static RegionHealth unpack(long[] words, int at) {
    long errors = words[at];
    long outcomes = words[at + 1];
    return new RegionHealth(
        (int) (errors >>> 40),
        (int) (errors >>> 24) & MAX_U16,
        (int) errors & MAX_U24,
        (int) (outcomes >>> 40),
        (int) (outcomes >>> 16) & MAX_U24,
        words[at + 2] >>> 32,
        words[at + 2] & MAX_U32,
        words[at + 3] >>> 32,
        saneSum((int) words[at + 3]),
        saneSum((int) (words[at + 4] >>> 32)));
  }

  private static float saneSum(int bits) {
    float sum = Float.intBitsToFloat(bits);
    return sum >= 0 && sum < Float.MAX_VALUE ? sum : 0;
  }

  void pack(long[] words, int at) {
    words[at] = (long) readErrors << 40 | (long) writeErrors << 24 | slowIos;
    words[at + 1] = (long) salvaged << 40 | (long) lost << 16;
    words[at + 2] = firstErrorSeconds << 32 | lastErrorSeconds;
    words[at + 3] = lastScanSeconds << 32 | (Float.floatToRawIntBits(fastSum) & MAX_U32);
    words[at + 4] = (long) Float.floatToRawIntBits(slowSum) << 32;
  }

  /** The same after further evidence, found at {@code now}. */
  RegionHealth with(Evidence found, Instant now) {
    long seconds = seconds(now);
    long errors = (long) found.readErrors() + found.writeErrors();
    boolean any = errors > 0;
    return new RegionHealth(
        sum(readErrors, found.readErrors(), MAX_U24),
        sum(writeErrors, found.writeErrors(), MAX_U16),
        sum(slowIos, found.slowIos(), MAX_U24),
        sum(salvaged, found.salvaged(), MAX_U24),
        sum(lost, found.lost(), MAX_U24),
        any && firstErrorSeconds == 0 ? seconds : firstErrorSeconds,
        any ? Math.max(seconds, lastErrorSeconds) : lastErrorSeconds,
        lastScanSeconds,
        any ? (float) (decayed(fastSum, FAST_DAYS, seconds) + errors) : fastSum,
        any ? (float) (decayed(slowSum, SLOW_DAYS, seconds) + errors) : slowSum);
  }

  /** The same after a scan that ended at {@code now}. */
  RegionHealth scanned(Instant now) {
    return new RegionHealth(
        readErrors,
        writeErrors,
        slowIos,
        salvaged,
        lost,
        firstErrorSeconds,
        lastErrorSeconds,
        seconds(now),
        fastSum,
        slowSum);
  }

  private static int sum(int counter, long more, int most) {
    return (int) Math.min(counter + more, most);
  }

  private static long seconds(Instant now) {
    return Math.min(Math.max(now.getEpochSecond(), 1), MAX_U32);
  }

  /** A clock that was set back makes no error younger than it was. */
  private double decayed(double sum, double days, long seconds) {
    double age = Math.max(0, seconds - lastErrorSeconds) / SECONDS_A_DAY;
    return sum * Math.exp(-age / days);
  }

  /** Blocks of which a read or a write failed. */
  public long errors() {
    return (long) readErrors + writeErrors;
  }

  /** Errors, each weighed by {@code e^(-age / 14 days)}. */
  public double recentErrors(Instant now) {
    return decayed(slowSum, SLOW_DAYS, seconds(now));
  }

  /** Errors a day, of the last {@link #SLOW_DAYS} days or so. */
  public double errorsPerDay(Instant now) {
    return recentErrors(now) / SLOW_DAYS;
  }

  /** How many more errors a day there are in the last day than in the last {@link #SLOW_DAYS}. */
  public double trend(Instant now) {
    return decayed(fastSum, FAST_DAYS, seconds(now)) / FAST_DAYS - errorsPerDay(now);
  }

  /** How long ago the last error was; {@link Duration#ZERO} where none happened. */
  public Duration sinceLastError(Instant now) {
    return lastErrorSeconds == 0
        ? Duration.ZERO
        : Duration.ofSeconds(Math.max(0, seconds(now) - lastErrorSeconds));
  }
}
