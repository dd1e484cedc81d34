package io.remapfs.mount.daemon;

import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import org.jspecify.annotations.Nullable;

/**
 * Binds the C library beside the reading of the command line, since either takes a tenth of a
 * second of a start.
 *
 * <p>Whoever began it must {@link #await} its end before it binds anything itself: two threads that
 * each initialise classes which need the other's would wait for each other for ever.
 */
public final class NativePreload {
  private static @Nullable Thread thread;

  private NativePreload() {}

  /** Begins. Called once, by the thread that will wait. */
  public static void begin() {
    Thread beginning = new Thread(NativePreload::load, "remapfs-preload");
    beginning.setDaemon(true);
    beginning.start();
    thread = beginning;
  }

  /** A failure is met again by the first who needs the library, who knows what to say. */
  private static void load() {
    try {
      Posix.effectiveUid();
      LibC.INSTANCE.sched_yield();
    } catch (LinkageError | RuntimeException e) {
      return;
    }
  }

  /** Waits for its end, where it was begun, and uses the time to load what logs. */
  public static void await() {
    Thread begun = thread;
    if (begun != null) {
      DaemonLog.preload();
      ThreadEnd.await(begun);
    }
  }
}
