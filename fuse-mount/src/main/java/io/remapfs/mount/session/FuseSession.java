package io.remapfs.mount.session;

import io.remapfs.mount.fs.RemapFileSystem;
import io.remapfs.mount.ring.IoUring;
import java.nio.file.Path;

/**
 * One mount, from {@link #start} to its end. Thread-safe; {@link #start} is called once.
 *
 * <p>The end comes from {@link #unmount()}, from an unmount by somebody else, or from the kernel
 * (an aborted connection). Whichever it is, {@link #awaitEnd()} returns when every request in
 * flight has been answered, every thread has left, and every descriptor is closed. The engine may
 * be closed then, and not before.
 */
public interface FuseSession {
  /**
   * Describes a mount; nothing happens yet.
   *
   * @param mountPoint an empty directory
   */
  static FuseSession open(
      SessionKind kind, RemapFileSystem fs, Path mountPoint, SessionOptions options) {
    return open(kind, fs, mountPoint, options, AutoRules.ANYTHING);
  }

  /**
   * Describes a mount; nothing happens yet.
   *
   * @param mountPoint an empty directory
   * @param rules of {@link SessionKind#AUTO}
   */
  static FuseSession open(
      SessionKind kind,
      RemapFileSystem fs,
      Path mountPoint,
      SessionOptions options,
      AutoRules rules) {
    if (options.cache()) {
      fs.serveThroughPageCache();
    }
    return switch (kind) {
      case AUTO -> automatic(fs, mountPoint, options, rules);
      case RING ->
          new FallbackSession(
              ThreadedSession.ring(fs, mountPoint, options),
              ThreadedSession.blocking(fs, mountPoint, options));
      case URING ->
          new FallbackSession(
              ThreadedSession.uring(fs, mountPoint, options),
              ThreadedSession.blocking(fs, mountPoint, options));
      case THREADS -> ThreadedSession.blocking(fs, mountPoint, options);
      case LIBFUSE -> new LibfuseSession(fs, mountPoint, options);
    };
  }

  /** The best that works here: the one place that says what is better than what. */
  private static FuseSession automatic(
      RemapFileSystem fs, Path mountPoint, SessionOptions options, AutoRules rules) {
    String whyNoUring = rules.whyNoRings().isEmpty() ? UringSwitch.problem() : rules.whyNoRings();
    String whyNoRing = rules.whyNoRings().isEmpty() ? rules.whyNoRing() : rules.whyNoRings();
    if (whyNoRing.isEmpty()) {
      whyNoRing = IoUring.problem(); // Known now, it is no fall back: a container has none.
    }
    FuseSession session = new LibfuseSession(fs, mountPoint, options);
    session =
        new FallbackSession(
            ThreadedSession.blocking(fs, mountPoint, options), session, "not ring: " + whyNoRing);
    if (whyNoRing.isEmpty()) {
      session =
          new FallbackSession(
              ThreadedSession.ring(fs, mountPoint, options), session, "not uring: " + whyNoUring);
    }
    if (whyNoUring.isEmpty()) {
      session =
          new FallbackSession(
              ThreadedSession.uring(fs, mountPoint, options), session, "the fastest there is");
    }
    return session;
  }

  /**
   * Mounts, and returns when the kernel's INIT was answered: requests are served from then on.
   *
   * @param beforeServing run before the first request is answered, and with our own loop only once
   *     the mount was made; run again where a session of another kind has to take over. What it
   *     throws ends the mount, and is thrown on
   * @throws MountException if the mount could not be made; nothing is left behind then
   */
  void start(Runnable beforeServing);

  /** Waits for the end, and clears up after it. Returns at once if it was never started. */
  void awaitEnd() throws InterruptedException;

  /**
   * Unmounts, never lazily, and does what {@link #awaitEnd()} does, within bounded time. Does
   * nothing if the end has come already, except to remove the dead mount that an aborted connection
   * leaves.
   *
   * @throws UnmountException if somebody still uses the mount (it goes on serving then), or if a
   *     request does not come back from the backing
   */
  void unmount() throws UnmountException;

  /**
   * {@code threads}, {@code ring}, {@code uring} or {@code libfuse}: what really runs, once
   * started.
   */
  String kind();

  /** The worker threads; 0 where libfuse makes them as it needs them. */
  int workerCount();

  /**
   * Whether every worker has PR_SET_IO_FLUSHER, so that the kernel never waits for our own disk to
   * give a worker memory. False without CAP_SYS_RESOURCE.
   */
  boolean isIoFlusher();

  /** Why it is this kind: a few words, once started. */
  default String reason() {
    return "asked for";
  }

  /** Why the wished kind was not used: a sentence, or "" if it was. */
  default String fallbackReason() {
    return "";
  }
}
