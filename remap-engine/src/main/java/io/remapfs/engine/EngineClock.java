package io.remapfs.engine;

import java.util.concurrent.locks.LockSupport;

/** Time, so that tests need not wait for it. Thread-safe. */
interface EngineClock {
  /** The machine's own. */
  EngineClock SYSTEM =
      new EngineClock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void sleepNanos(long nanos) {
          long end = System.nanoTime() + nanos;
          for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
        }
      };

  /** Nanoseconds since an arbitrary point, as {@link System#nanoTime()}. */
  long nanoTime();

  /** Returns after {@code nanos} nanoseconds, interrupted or not. */
  void sleepNanos(long nanos);
}
