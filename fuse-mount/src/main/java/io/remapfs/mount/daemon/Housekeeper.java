package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.SpareLevel;
import io.remapfs.health.event.StateWatch;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;

/**
 * The thread for what is nobody's request: once a second it lets the engine probe and checkpoint,
 * looks for another state and for a spare that runs low, and stores and logs new events.
 */
final class Housekeeper implements AutoCloseable {
  private static final long PERIOD_MILLIS = 1000;

  private final RemapEngine engine;
  private final EventLog events;
  private final SpareLevel spareLevel = new SpareLevel(0);
  private final StateWatch stateWatch = new StateWatch();
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "remapfs-housekeeper");

  Housekeeper(RemapEngine engine, EventLog events) {
    this.engine = engine;
    this.events = events;
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
      engine.housekeeping();
      EngineStatus status = engine.status();
      stateWatch.look(status, events);
      spareLevel.look(status, events);
      events.doWork();
    } catch (RuntimeException | OutOfMemoryError e) {
      LogManager.getLogger(Housekeeper.class).error("housekeeping failed and goes on", e);
    }
  }

  /** Stops, and waits until a turn in progress is done. */
  @Override
  public void close() {
    stop.countDown();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
