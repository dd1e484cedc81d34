package io.remapfs.mount.session;

/**
 * One thread's part in a session: it takes requests from the kernel and answers them.
 *
 * <p>The seam between the session, which mounts, starts, counts and joins, and the way in which
 * requests travel. {@link BlockingWorker} reads a descriptor and sleeps in the backing's I/O; a
 * worker on an io_uring fits behind the same three methods.
 */
interface SessionWorker extends AutoCloseable {
  /** Makes the workers of one kind. */
  interface Factory {
    /**
     * Makes a worker, on the thread that starts the session.
     *
     * @param onInitialised to be called when the kernel's INIT has been answered
     * @throws SessionUnavailableException if the kernel or libfuse cannot carry this kind
     */
    SessionWorker create(LibfuseMount mount, Runnable onInitialised);
  }

  /**
   * Serves requests on the calling thread until the connection is gone. Never throws for a failed
   * request, never returns while the mount works.
   */
  void serve();

  /** Gives back the descriptor and native memory; after {@link #serve()} has returned. */
  @Override
  void close();
}
