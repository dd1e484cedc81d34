package io.remapfs.mount.daemon;

import java.util.ArrayDeque;
import org.apache.logging.log4j.LogManager;

/**
 * What has to be undone, newest first. A step that fails does not keep the older ones from being
 * undone. Not thread-safe: built and run by one thread.
 */
final class Teardown implements AutoCloseable {
  private record Step(String name, Runnable action) {}

  private final ArrayDeque<Step> steps = new ArrayDeque<>();

  /** Adds a step that {@link #close()} runs before the ones added earlier. */
  void add(String name, Runnable action) {
    steps.push(new Step(name, action));
  }

  /** Runs each step once. */
  @Override
  public void close() {
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      try {
        step.action.run();
      } catch (RuntimeException | OutOfMemoryError e) {
        LogManager.getLogger(Teardown.class).error("closing the {} failed", step.name, e);
      }
    }
  }
}
