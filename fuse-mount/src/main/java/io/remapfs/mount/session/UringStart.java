package io.remapfs.mount.session;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of FUSE over io_uring: INIT is answered through {@code /dev/fuse}, then every
 * queue's entries are registered, and only then does the kernel let requests come. Thread-safe.
 */
final class UringStart {
  private final LibfuseMount mount;
  private final Runnable onReady;
  private final CountDownLatch initialised = new CountDownLatch(1);
  private final AtomicInteger unregistered;
  private volatile boolean agreed;
  private volatile @Nullable String refusal;

  /**
   * Begins.
   *
   * @param queues how many there will be
   * @param onReady called when requests can come, or when it is known that they cannot
   */
  UringStart(LibfuseMount mount, int queues, Runnable onReady) {
    this.mount = mount;
    this.unregistered = new AtomicInteger(queues);
    this.onReady = onReady;
  }

  /** INIT has been answered. */
  void initialised() {
    agreed = (mount.agreedFlags2() & FuseProtocol.OVER_IO_URING) != 0;
    if (!agreed) {
      refused("the kernel's FUSE offers no io_uring");
    }
    initialised.countDown();
  }

  /** Nobody reads {@code /dev/fuse} any more: if INIT was not answered by now, it never is. */
  void deviceIsGone() {
    initialised.countDown();
  }

  /** Waits for INIT; whether queues are to be registered. An interrupt ends no loop. */
  boolean awaitAgreed() {
    while (true) {
      try {
        initialised.await();
        return agreed;
      } catch (InterruptedException e) {
        // Goes on waiting.
      }
    }
  }

  /** A queue's entries are all with the kernel. */
  void registered() {
    if (unregistered.decrementAndGet() == 0) {
      onReady.run();
    }
  }

  /** The kernel does not want it. */
  void refused(String why) {
    refusal = why;
    onReady.run();
  }

  /**
   * Asks how it went.
   *
   * @throws SessionUnavailableException if the kernel does not want it, with the reason
   */
  void requireServing() {
    String why = refusal;
    if (why != null) {
      throw new SessionUnavailableException(why);
    }
  }
}
