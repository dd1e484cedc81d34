package io.remapfs.mount.daemon;

/** The end of a thread that was told to stop. */
final class ThreadEnd {
  private ThreadEnd() {}

  /** Waits for it, however long it takes; an interrupt meanwhile is kept for the caller. */
  static void await(Thread thread) {
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
