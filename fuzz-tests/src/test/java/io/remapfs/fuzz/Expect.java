package io.remapfs.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What targets hold parsers to. A broken expectation is an {@link AssertionError}. */
public final class Expect {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Set by {@link FuzzingTest} for the processes that it starts. */
  private static final boolean INSTRUMENTED = Boolean.getBoolean("fuzz.instrumented");

  private static final int MAX_CPU_MILLIS = 3_000;

  /**
   * For a hundred classes at once (150 MB were seen); a parser that forgets its bound passes it
   * soon.
   */
  private static final long INSTRUMENTING_BYTES = 512 << 20;

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
   * Runs {@code body}, which may allocate so many bytes of heap at most and take {@value
   * #MAX_CPU_MILLIS} ms of the processor, however busy the machine is. While Jazzer searches, it
   * may instrument classes on this very thread, which is allowed for.
   */
  public static void allocatingAtMost(long maxBytes, Body body) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    long cpuBefore = THREADS.getCurrentThreadCpuTime();
    try {
      body.run();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("not to be thrown here: " + e, e);
    }
    long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    long cpuMillis = (THREADS.getCurrentThreadCpuTime() - cpuBefore) / 1_000_000;
    long allowed = INSTRUMENTED ? maxBytes + INSTRUMENTING_BYTES : maxBytes;
    that(bytes <= allowed, "%d bytes were allocated, %d are allowed", bytes, allowed);
    that(
        cpuMillis <= (INSTRUMENTED ? 10 : 1) * MAX_CPU_MILLIS,
        "it took %d ms of the processor",
        cpuMillis);
  }
}
