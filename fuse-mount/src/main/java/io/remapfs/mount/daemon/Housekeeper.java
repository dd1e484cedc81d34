package io.remapfs.mount.daemon;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;

/** A thread for what is nobody's request: it takes a turn once a second. */
final class Housekeeper implements AutoCloseable {
  private static final long PERIOD_MILLIS = 1000;

  private final Runnable turn;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread;

  Housekeeper(String name, Runnable turn) {
    this.turn = turn;
    this.thread = new Thread(this::run, name);
  }

  /** Starts; does nothing when called again. */
  void start() {
    if (thread.getState() == Thread.State.NEW) {
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void run() {
    try {
      while (!stop.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
        doWork();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One turn. A fault in it must not end the thread: the next turn may be the one that matters. */
  private void doWork() {
    try {
      turn.run();
    } catch (RuntimeException | OutOfMemoryError e) {
      LogManager.getLogger(Housekeeper.class).error("{} failed and goes on", thread.getName(), e);
    }
  }

  /** Stops, and waits until a turn in progress is done. */
  @Override
  public void close() {
    stop.countDown();
    ThreadEnd.await(thread);
  }
}
