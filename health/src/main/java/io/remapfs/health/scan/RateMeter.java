package io.remapfs.health.scan;

/** How fast something is, over the last ten to twenty seconds. Not thread-safe. */
final class RateMeter {
  private static final long SPAN_NANOS = 10_000_000_000L;

  private boolean started;
  private long spanStartNanos;
  private long spanBytes;
  private long beforeStartNanos;
  private long beforeBytes;

  void add(long nowNanos, long bytes) {
    if (!started || nowNanos - spanStartNanos > 6 * SPAN_NANOS) {
      started = true;
      spanStartNanos = nowNanos;
      beforeStartNanos = nowNanos;
      spanBytes = 0;
      beforeBytes = 0;
    } else if (nowNanos - spanStartNanos >= SPAN_NANOS) {
      beforeStartNanos = spanStartNanos;
      beforeBytes = spanBytes;
      spanStartNanos = nowNanos;
      spanBytes = 0;
    }
    spanBytes += bytes;
  }

  long bytesPerSecond(long nowNanos) {
    long nanos = started ? nowNanos - beforeStartNanos : 0;
    return nanos <= 0 ? 0 : (long) ((beforeBytes + spanBytes) * 1e9 / nanos);
  }

  void reset() {
    started = false;
  }
}
