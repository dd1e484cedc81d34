package io.remapfs.mount.daemon;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.IgnoreError;

/**
 * Gives back what a start or a burst of compiling leaves in the C heap: some 35 MiB of scratch
 * memory that the JVM's compilers have freed, and that is locked with the rest.
 *
 * <p>The C library returns free pages with {@code madvise(MADV_DONTNEED)}, which the kernel refuses
 * for locked memory ({@link ProcessProtection}). So it is unlocked, trimmed and locked again, a few
 * milliseconds in all, and only where there is something to gain.
 *
 * <p>Used by the housekeeping thread only.
 */
final class ResidentMemory {
  /**
   * The JVM frees its compilers' memory within 5 s after they were busy, and how long they are busy
   * with a start depends on the machine: so the first times come at growing distances, and whatever
   * there is to gain. A single one was too early on a slow machine, and what was freed after it
   * stayed.
   */
  private static final int[] TURNS_AFTER_START = {8, 8, 16, 32};

  private static final int TURNS_BETWEEN = 15;
  private static final long WORTHWHILE_BYTES = 4L << 20;

  /** What only glibc has; with another C library its free memory stays as it is. */
  public interface Glibc {
    /** Gives free pages of the heap back; 1 if there were any. */
    @IgnoreError
    int malloc_trim(long keepBytes);
  }

  private final ProcessProtection protection;
  private final Glibc glibc = LibraryLoader.create(Glibc.class).load("c");
  private int timesDone;
  private int turnsLeft = TURNS_AFTER_START[0];
  private long trimmedBytes;

  ResidentMemory(ProcessProtection protection) {
    this.protection = protection;
  }

  /**
   * One turn, about a second.
   *
   * @return whether memory was given back
   */
  boolean doWork() {
    turnsLeft--;
    if (turnsLeft > 0) {
      return false;
    }
    boolean isStart = timesDone < TURNS_AFTER_START.length;
    timesDone = Math.min(timesDone + 1, TURNS_AFTER_START.length);
    turnsLeft = timesDone < TURNS_AFTER_START.length ? TURNS_AFTER_START[timesDone] : TURNS_BETWEEN;
    if (!isStart && ProcessProbe.residentBytes() < trimmedBytes + WORTHWHILE_BYTES) {
      return false;
    }
    return trim();
  }

  private boolean trim() {
    if (!protection.unlock()) {
      return false;
    }
    int trimmed;
    try {
      trimmed = glibc.malloc_trim(0);
    } catch (UnsatisfiedLinkError e) {
      turnsLeft = Integer.MAX_VALUE;
      return false;
    } finally {
      protection.lockAgain();
    }
    trimmedBytes = ProcessProbe.residentBytes();
    return trimmed != 0;
  }
}
