package io.remapfs.mount.daemon;

import io.remapfs.mount.preflight.LoopDevice;
import io.remapfs.mount.preflight.Pause;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.session.FuseSession;
import io.remapfs.mount.session.UnmountException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.apache.logging.log4j.LogManager;
import org.jspecify.annotations.Nullable;

/**
 * The ordered way down on SIGTERM and SIGINT.
 *
 * <p>The JVM answers these signals by running its shutdown hooks and then ends, whatever the other
 * threads do. So the hook unmounts, which lets the main thread close everything in order, waits for
 * that, and only then lets the process go.
 *
 * <p>A mount that is in use (a file system on a loop device over the image) cannot be unmounted,
 * and ending all the same would tear the disk from under that file system. The daemon then says so
 * and serves on until it is released. SIGKILL ends it at once: what was flushed is safe.
 */
final class SignalStop {
  private static final long RETRY_MILLIS = 200;

  private final FuseSession session;
  private final Path image;
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile @Nullable UnmountHelper helper;
  private final Thread hook = new Thread(this::stop, "remapfs-shutdown");

  SignalStop(FuseSession session, Path image) {
    this.session = session;
    this.image = image;
  }

  /** From now on a signal takes the ordered way. To be called before the session starts. */
  void install() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** The session has started, or never will. */
  void startIsOver() {
    started.countDown();
  }

  /** Everything is closed: the process may go. */
  void endIsReached() {
    started.countDown();
    ended.countDown();
  }

  private void stop() {
    if (ended.getCount() == 0) {
      return; // an ordinary end, not a signal
    }
    boolean complained = false;
    try {
      started.await();
      while (ended.getCount() > 0 && !tryUnmount(!complained)) {
        complained = true;
        Pause.millis(RETRY_MILLIS);
      }
      ended.await();
    } catch (InterruptedException e) {
      return;
    }
    // Not the JVM's own 143: an orderly end on request is a success to systemd and Docker.
    Runtime.getRuntime().halt(0);
  }

  /** From now on this process has no right to unmount, and this does it. */
  void unmountThrough(UnmountHelper unmounter) {
    helper = unmounter;
  }

  private boolean tryUnmount(boolean complain) {
    try {
      unmount();
      return true;
    } catch (UnmountException | RefusedException e) {
      if (complain) {
        say(System.err, String.valueOf(e.getMessage()));
      }
      return false;
    }
  }

  /** Takes back a mount that did not become ready. */
  void unmountAfter(Exception failure) {
    try {
      unmount();
    } catch (UnmountException | RefusedException e) {
      failure.addSuppressed(e);
    }
  }

  private void unmount() throws UnmountException, RefusedException {
    UnmountHelper unmounter = helper;
    for (LoopDevice loop : LoopDevice.over(image)) {
      if (unmounter == null) {
        loop.detach();
      } else {
        loop.requireUnused();
      }
    }
    if (unmounter != null) {
      unmounter.release();
    }
    session.unmount();
  }

  private static void say(PrintStream terminal, String why) {
    String line = "asked to stop, but " + why + " - serving until it is released";
    terminal.println("remapfs: " + line);
    LogManager.getLogger(SignalStop.class).warn(line);
  }
}
