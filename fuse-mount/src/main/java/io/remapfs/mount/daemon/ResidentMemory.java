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
  /** The JVM frees its compilers' memory within 5 s after they were busy; and some more. */
  private static final int FIRST_TURN = 8;

  private static final int TURNS_BETWEEN = 60;
  private static final long WORTHWHILE_BYTES = 8L << 20;

  /** What only glibc has; with another C library its free memory stays as it is. */
  public interface Glibc {
    /** Gives free pages of the heap back; 1 if there were any. */
    @IgnoreError
    int malloc_trim(long keepBytes);
  }

  private final ProcessProtection protection;
  private final Glibc glibc = LibraryLoader.create(Glibc.class).load("c");
  private int turnsLeft = FIRST_TURN;
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
    if (turnsLeft > 0) {
      turnsLeft--;
      return false;
    }
    turnsLeft = TURNS_BETWEEN;
    if (ProcessProbe.residentBytes() < trimmedBytes + WORTHWHILE_BYTES || !protection.unlock()) {
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
