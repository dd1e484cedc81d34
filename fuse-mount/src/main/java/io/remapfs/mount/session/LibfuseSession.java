package io.remapfs.mount.session;

import io.remapfs.mount.fs.RemapFileSystem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * jnr-fuse's plain mount: libfuse's own loop and threads. Correct everywhere, and the baseline that
 * {@link ThreadedSession} is measured against.
 *
 * <p>One Java thread lends itself to libfuse for the life of the mount. libfuse makes further
 * threads as requests come, so there is nothing to mark as an I/O flusher and nothing to count.
 */
final class LibfuseSession implements FuseSession {
  private static final Logger LOG = LogManager.getLogger(LibfuseSession.class);

  private static final Duration INIT_PATIENCE = Duration.ofSeconds(10);
  private static final long LOOK_MILLIS = 10;
  private static final long LEAVE_PATIENCE_SECONDS = 60;

  private final RemapFileSystem fs;
  private final Path wishedMountPoint;
  private final SessionOptions options;
  private volatile @Nullable MountTarget mountPoint;
  private volatile @Nullable Thread loop;

  LibfuseSession(RemapFileSystem fs, Path mountPoint, SessionOptions options) {
    this.fs = fs;
    this.wishedMountPoint = mountPoint;
    this.options = options;
  }

  @Override
  public void start(Runnable beforeServing) {
    MountTarget target = MountTarget.check(wishedMountPoint);
    beforeServing.run();
    CountDownLatch initialised = fs.expectInit();
    Thread thread = new Thread(() -> runLoop(target), "fuse-libfuse-loop");
    thread.setDaemon(true);
    loop = thread;
    thread.start();
    long deadlineNanos = System.nanoTime() + INIT_PATIENCE.toNanos();
    try {
      while (!initialised.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        if (!thread.isAlive()) {
          throw new MountException(
              "libfuse could not mount at " + target.path() + "; its own message says why");
        }
        if (System.nanoTime() > deadlineNanos) {
          throw new MountException("the kernel's FUSE did not initialise " + target.path());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MountException("interrupted while mounting", e);
    }
    target.noteMounted();
    mountPoint = target;
  }

  private void runLoop(MountTarget target) {
    try {
      List<String> arguments = LibfuseMount.mountArguments(options);
      fs.mount(Path.of(target.path()), true, false, arguments.toArray(new String[0]));
    } catch (Throwable t) {
      LOG.error("libfuse's loop ended with an error", t);
    }
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    Thread thread = loop;
    if (thread != null) {
      thread.join();
    }
  }

  @Override
  public void unmount() throws UnmountException {
    MountTarget target = mountPoint;
    Thread thread = loop;
    if (target == null || thread == null) {
      return;
    }
    target.unmount();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(LEAVE_PATIENCE_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnmountException("interrupted while waiting for libfuse to leave");
    }
    if (thread.isAlive()) {
      throw new UnmountException(
          target.path() + " is unmounted, but a request does not come back from the backing");
    }
  }

  @Override
  public String kind() {
    return SessionKind.LIBFUSE.label();
  }

  @Override
  public int workerCount() {
    return 0;
  }

  @Override
  public boolean isIoFlusher() {
    return false;
  }
}
