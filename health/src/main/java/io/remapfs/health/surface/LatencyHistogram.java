package io.remapfs.health.surface;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long reads took, in buckets that grow: four to each doubling from 4 microseconds on, so that
 * a bucket is never wider than a quarter of what it stands for. Fixed memory (under 1 KiB), one
 * atomic addition a read; any number of threads.
 */
public final class LatencyHistogram {
  private static final int SUB_BITS = 2;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;

  /** Up to 2^27 microseconds, more than two minutes; the last one takes all beyond. */
  static final int BUCKETS = (27 - SUB_BITS + 1) * SUB_BUCKETS;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);

  /**
   * Some reads.
   *
   * @param lowMicros the least time of the bucket
   * @param highMicros the first time beyond it
   * @param count at least 1
   */
  public record Bucket(long lowMicros, long highMicros, long count) {}

  /** Records one read. */
  public void record(long elapsedNanos) {
    counts.incrementAndGet(bucket(Math.max(0, elapsedNanos) / 1000));
  }

  /** The buckets that are not empty, in ascending order. */
  public List<Bucket> buckets() {
    List<Bucket> found = new ArrayList<>();
    for (int i = 0; i < BUCKETS; i++) {
      long count = counts.get(i);
      if (count > 0) {
        found.add(new Bucket(low(i), low(i + 1), count));
      }
    }
    return found;
  }

  static int bucket(long micros) {
    if (micros < SUB_BUCKETS) {
      return (int) micros;
    }
    int octave = 63 - Long.numberOfLeadingZeros(micros) - SUB_BITS;
    int index = (octave << SUB_BITS) + (int) (micros >>> octave);
    return Math.min(index, BUCKETS - 1);
  }

  static long low(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int octave = (bucket >> SUB_BITS) - 1;
    return (long) ((bucket & (SUB_BUCKETS - 1)) + SUB_BUCKETS) << octave;
  }

  /**
   * The time that a share of the reads did not exceed, by the upper end of its bucket.
   *
   * @param share 0 to 1
   * @return microseconds, or 0 where nothing was read
   */
  public static long quantileMicros(List<Bucket> buckets, double share) {
    long all = buckets.stream().mapToLong(Bucket::count).sum();
    long wanted = (long) Math.ceil(all * share);
    long seen = 0;
    for (Bucket each : buckets) {
      seen += each.count();
      if (seen >= wanted && seen > 0) {
        return each.highMicros();
      }
    }
    return 0;
  }
}
