package io.remapfs.mount.daemon;

import io.remapfs.health.scan.Scanner;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.logging.log4j.LogManager;

/** The thread that a scanner does its work on; its I/O waits for everybody else's. */
final class ScanThread implements AutoCloseable {
  private final Scanner scanner;
  private final Consumer<String> notes;
  private final Thread thread = new Thread(this::run, "remapfs-scanner");
  private volatile boolean stopped;

  ScanThread(Scanner scanner, Consumer<String> notes) {
    this.scanner = scanner;
    this.notes = notes;
  }

  /** Starts; does nothing when called again. */
  void start() {
    if (thread.getState() == Thread.State.NEW) {
      scanner.onWork(() -> LockSupport.unpark(thread));
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void run() {
    String trouble = IoPriority.becomeIdle();
    if (!trouble.isEmpty()) {
      notes.accept(trouble);
    }
    while (!stopped) {
      long waitNanos = 0;
      try {
        waitNanos = scanner.doWork() > 0 ? 0 : scanner.waitNanos();
      } catch (RuntimeException | OutOfMemoryError e) {
        LogManager.getLogger(ScanThread.class).error("the scanner failed and goes on", e);
        waitNanos = TimeUnit.SECONDS.toNanos(10);
      }
      if (waitNanos > 0 && !stopped) {
        LockSupport.parkNanos(this, waitNanos);
      }
    }
  }

  /** Stops, and waits until a step in progress is done. */
  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(thread);
    ThreadEnd.await(thread);
  }
}
