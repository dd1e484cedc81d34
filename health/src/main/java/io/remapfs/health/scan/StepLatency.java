package io.remapfs.health.scan;

import io.remapfs.health.surface.LatencyHistogram;
import java.util.Arrays;

/**
 * What the disk's answers usually take, and whether it is slow now: the running median of the last
 * {@value #WINDOW} steps, apart for whole batches and for smaller pieces. Not thread-safe.
 *
 * <p>An answer that takes {@value #SLOW_FACTOR} times the median, and 20 ms at least, doubles the
 * back-off up to {@value #MAX_BACKOFF}; each that takes less than twice the median halves it.
 */
final class StepLatency {
  private static final int WINDOW = 31;
  private static final int FEW = 8;
  private static final int SLOW_FACTOR = 4;
  private static final long SLOW_NANOS = 20_000_000;
  private static final int MAX_BACKOFF = 16;

  private static final class Median {
    private final long[] window = new long[WINDOW];
    private final long[] sorted = new long[WINDOW];
    private int count;
    private int next;

    /** -1 while too few are known. */
    private long median = -1;

    void add(long nanos) {
      window[next] = nanos;
      next = (next + 1) % WINDOW;
      count = Math.min(WINDOW, count + 1);
      if (count >= FEW) {
        System.arraycopy(window, 0, sorted, 0, count);
        Arrays.sort(sorted, 0, count);
        median = sorted[count / 2];
      }
    }
  }

  private final int batchBytes;
  private final Median batches = new Median();
  private final Median pieces = new Median();
  private final LatencyHistogram histogram = new LatencyHistogram();
  private int backoff = 1;

  StepLatency(int batchBytes) {
    this.batchBytes = batchBytes;
  }

  /** Takes note of a step that read all it should; 0 if nothing of it could be read at once. */
  void add(int lengthBytes, long nanos) {
    if (nanos == 0) {
      return;
    }
    Median median = lengthBytes >= batchBytes ? batches : pieces;
    long usual = median.median;
    if (usual >= 0) {
      if (nanos > SLOW_FACTOR * usual && nanos > SLOW_NANOS) {
        backoff = Math.min(MAX_BACKOFF, 2 * backoff);
      } else if (nanos < 2 * usual || nanos < SLOW_NANOS) {
        backoff = Math.max(1, backoff / 2);
      }
    }
    median.add(nanos);
    histogram.record(nanos);
  }

  /** What all steps took; may be read by any thread. */
  LatencyHistogram histogram() {
    return histogram;
  }

  /** By what the rate is to be divided: 1 to {@value #MAX_BACKOFF}. */
  int backoff() {
    return backoff;
  }

  /** The median of what a batch takes, in nanoseconds; -1 while unknown. */
  long usualBatchNanos() {
    return batches.median >= 0 ? batches.median : pieces.median;
  }
}
