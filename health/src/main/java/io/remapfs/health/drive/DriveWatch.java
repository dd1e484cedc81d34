package io.remapfs.health.drive;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Asks the drive about itself at once and then every hour, in a thread of its own. The first
 * failure is told in one sentence; the last good answer stays. Thread-safe.
 */
public final class DriveWatch implements AutoCloseable {
  /** What is asked for answers; a seam for tests. */
  @FunctionalInterface
  public interface Source {
    /** Asks once; may take its time. */
    DriveFacts read() throws IOException;
  }

  private static final Duration PERIOD = Duration.ofHours(1);

  private final Source source;
  private final Consumer<String> notes;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "remapfs-drive");
  private volatile DriveFacts facts = DriveFacts.NOTHING;
  private boolean failureTold;

  /** Watches a drive once {@link #start}ed. */
  public DriveWatch(Source source, Consumer<String> notes) {
    this.source = source;
    this.notes = notes;
  }

  /** Starts to ask; returns at once. */
  public void start() {
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    try {
      do {
        ask();
      } while (!stop.await(PERIOD.toSeconds(), TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks once. */
  void ask() {
    try {
      facts = source.read();
    } catch (IOException | RuntimeException e) {
      if (!failureTold && !facts.isKnown()) {
        failureTold = true;
        notes.accept("the drive's own health (SMART) is not known: " + e.getMessage());
      }
    }
  }

  /** The newest answer, or {@link DriveFacts#NOTHING}. */
  public DriveFacts facts() {
    return facts;
  }

  /** Ends the thread; does not wait for a drive that does not answer. */
  @Override
  public void close() {
    stop.countDown();
    thread.interrupt();
  }
}
