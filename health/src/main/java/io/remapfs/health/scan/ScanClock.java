package io.remapfs.health.scan;

import java.lang.management.ManagementFactory;

/** Time, and what a thread has used of the processor, so that tests need not wait for either. */
public interface ScanClock {
  /** The machine's own. */
  ScanClock SYSTEM =
      new ScanClock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public long currentTimeMillis() {
          return System.currentTimeMillis();
        }

        @Override
        public long threadCpuNanos() {
          return Math.max(0, ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
        }
      };

  /** Nanoseconds since an arbitrary point. */
  long nanoTime();

  /** Milliseconds since 1970. */
  long currentTimeMillis();

  /** What the calling thread has used of the processor, in nanoseconds. */
  long threadCpuNanos();
}
