package io.remapfs.mount.session;

import java.util.function.Consumer;

/**
 * One thread's part in a session: it takes requests from the kernel and answers them.
 *
 * <p>The seam between the session, which mounts, starts, counts and joins, and the way in which
 * requests travel. A {@link BlockingWorker} reads a descriptor and sleeps in the backing's I/O; a
 * {@link RingWorker} has many transfers on their way at once.
 */
interface SessionWorker extends AutoCloseable {
  /** Makes the workers of one kind. */
  interface Factory {
    /** How many loops or threads there will be, where it is not for the user to say; else 0. */
    default int fixedCount() {
      return 0;
    }

    /**
     * Looks whether this kind serves now; called once INIT was answered.
     *
     * @throws SessionUnavailableException if not, with the reason
     */
    default void requireServing() {}

    /**
     * Looks whether this kind works here, before anything is mounted.
     *
     * @throws SessionUnavailableException if not, with the reason
     */
    default void requireAvailable() {}

    /**
     * Makes the workers, on the thread that starts the session.
     *
     * @param count how many are wished for; a kind that needs others beside them makes more
     * @param onInitialised to be called when the kernel's INIT has been answered
     * @param made takes each worker as soon as it exists, and will close it
     * @throws SessionUnavailableException if the kernel or libfuse cannot carry this kind
     */
    void create(
        LibfuseMount mount, int count, Runnable onInitialised, Consumer<SessionWorker> made);
  }

  /**
   * Serves requests on the calling thread until the connection is gone. Never throws for a failed
   * request, never returns while the mount works.
   */
  void serve();

  /** Whether requests would stay without an answer for ever if its thread died. */
  default boolean isVital() {
    return false;
  }

  /** Gives back the descriptor and native memory; after {@link #serve()} has returned. */
  @Override
  void close();
}
