package io.remapfs.health.scan;

/** Whether users' requests are under way: their number has changed lately. Not thread-safe. */
final class UserLoad {
  /** So long after the last request the disk is theirs. */
  private static final long QUIET_NANOS = 1_000_000_000L;

  private long requests;
  private long busyUntilNanos;
  private boolean busy;

  UserLoad(long requests) {
    this.requests = requests;
  }

  /** Looks at the number of requests since mount. */
  boolean isBusy(long nowNanos, long requestsNow) {
    if (requestsNow != requests) {
      requests = requestsNow;
      busy = true;
      busyUntilNanos = nowNanos + QUIET_NANOS;
    } else if (busy && nowNanos - busyUntilNanos >= 0) {
      busy = false;
    }
    return busy;
  }
}
