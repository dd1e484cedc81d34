package io.remapfs.engine;

import java.util.concurrent.atomic.AtomicLong;

/** Time that passes only by sleeping, so that tests of back-off take none. */
final class TestClock implements EngineClock {
  private final AtomicLong nanos = new AtomicLong(1_000_000_000L);

  @Override
  public long nanoTime() {
    return nanos.get();
  }

  @Override
  public void sleepNanos(long elapsedNanos) {
    nanos.addAndGet(elapsedNanos);
  }
}
