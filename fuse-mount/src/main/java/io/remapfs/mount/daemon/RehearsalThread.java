package io.remapfs.mount.daemon;

import io.remapfs.engine.Rehearsal;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import org.jspecify.annotations.Nullable;

/**
 * Rehearses a bad block beside the rest of the start, which is held up only by what is left of it.
 */
final class RehearsalThread {
  private final Thread thread = new Thread(this::rehearse, "remapfs-rehearsal");
  private volatile @Nullable Throwable failure;

  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  private void rehearse() {
    try {
      Rehearsal.run();
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      failure = e;
    }
  }

  /**
   * Waits for its end.
   *
   * @throws RefusedException if it failed: a disk must not be trusted to this installation
   */
  void await() throws RefusedException {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Throwable failed = failure;
    if (failed != null) {
      throw new RefusedException(
          ExitCode.FAILED, "the rehearsal of a bad block failed, so nothing was mounted", failed);
    }
  }
}
