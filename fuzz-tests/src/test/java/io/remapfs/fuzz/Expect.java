package io.remapfs.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What targets hold parsers to. A broken expectation is an {@link AssertionError}. */
public final class Expect {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Set by {@link FuzzingTest} for the processes that it starts. */
  private static final boolean INSTRUMENTED = Boolean.getBoolean("fuzz.instrumented");

  /** What a parser does with an input. */
  @FunctionalInterface
  public interface Body {
    /** Runs it; what it throws is a finding. */
    void run() throws Exception;
  }

  private Expect() {}

  /** Fails with {@code message}, a format, unless {@code holds}. */
  public static void that(boolean holds, String message, Object... arguments) {
    if (!holds) {
      throw new AssertionError(String.format(message, arguments));
    }
  }

  /**
   * Runs {@code body}, which may allocate so many bytes of heap at most. While Jazzer instruments
   * classes, on this very thread and by the ten megabytes, the process's small heap is the bound.
   */
  public static void allocatingAtMost(long maxBytes, Body body) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      body.run();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("not to be thrown here: " + e, e);
    }
    long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    that(
        INSTRUMENTED || bytes <= maxBytes,
        "%d bytes were allocated, %d are allowed",
        bytes,
        maxBytes);
  }
}
