package io.remapfs.health.pressure;

/** What the daemon may do with the memory there is, from best to worst. */
public enum PressureLevel {
  /** Everything. */
  NORMAL,
  /** The scan waits, and what is only kept for speed shrinks. */
  REDUCED,
  /** Only reads, writes and moves. */
  EMERGENCY;

  /** The worse of two. */
  PressureLevel or(PressureLevel other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
