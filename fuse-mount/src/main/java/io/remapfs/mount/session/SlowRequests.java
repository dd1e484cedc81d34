package io.remapfs.mount.session;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What the loops of a session hand to its helpers: every request that may have to wait for
 * something. It has room for all slots that there are, and allocates nothing, so that a request is
 * answered also where the heap is full. Thread-safe.
 */
final class SlowRequests {
  private static final Object END = new Object();

  /** Slots, and {@link #END} for each helper. */
  private final ArrayBlockingQueue<Object> queue;

  /** Helpers that are kept free of what a loop could do itself. */
  private static final int HELPERS_APART = 2;

  private final AtomicInteger loops;
  private final AtomicInteger underWay = new AtomicInteger();
  private final int helpers;

  /** For so many loops, all their slots together, and those that serve them. */
  SlowRequests(int loops, int slots, int helpers) {
    this.queue = new ArrayBlockingQueue<>(slots + helpers);
    this.loops = new AtomicInteger(loops);
    this.helpers = helpers;
  }

  /** Hands a slot over; the caller does not touch it until it comes back. */
  void add(RingSlot slot) {
    underWay.incrementAndGet();
    queue.add(slot);
  }

  /** Told by a helper when it has served one. */
  void served() {
    underWay.decrementAndGet();
  }

  /**
   * Whether a loop may hand over what it could do itself: not while helpers wait for a bad disk.
   */
  boolean hasHelpersToSpare() {
    return underWay.get() < helpers - HELPERS_APART;
  }

  /** Told by each loop when it adds no more: the helpers end when all have, and all is served. */
  void loopHasEnded() {
    if (loops.decrementAndGet() == 0) {
      for (int i = 0; i < helpers; i++) {
        queue.add(END);
      }
    }
  }

  /** Waits for the next slot; null at the end. An interrupt is nobody's way to end a helper. */
  @Nullable RingSlot take() {
    while (true) {
      try {
        return queue.take() instanceof RingSlot slot ? slot : null;
      } catch (InterruptedException e) {
        // Goes on waiting.
      }
    }
  }
}
