package io.remapfs.it.harness;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for conditions; no test sleeps for a guessed time. */
public final class Await {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private Await() {}

  /**
   * Returns when {@code condition} holds, polled each 10 ms; fails after 20 s naming {@code what}.
   */
  public static void until(String what, Callable<Boolean> condition) {
    until(what, LIMIT, condition);
  }

  /** Returns when {@code condition} holds; fails after {@code limit} naming {@code what}. */
  public static void until(String what, Duration limit, Callable<Boolean> condition) {
    await(what)
        .atMost(limit)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .ignoreExceptions()
        .until(condition);
  }
}
