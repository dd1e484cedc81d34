package io.remapfs.engine.guard;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps writers away from a block while it is being moved.
 *
 * <p><b>Why the order matters.</b> A writer enters <em>shared</em>, and only then loads the remap
 * table; whoever moves a block enters <em>exclusive</em>, and only then copies, commits and
 * publishes. So a writer that saw the old place has left before the copy is taken, and one that
 * enters later sees the new place. A writer that loaded the table first could be overtaken by a
 * move and put its bytes in the abandoned place: an acknowledged write would be lost. {@code
 * GuardThenLoadStress} pins both orders.
 *
 * <p><b>How it works.</b> Byte ranges are cut into units of {@value #UNIT_BYTES} bytes that hash
 * onto {@value #STRIPES} stripes, each a counter of its shared holders with one bit for an
 * exclusive holder, present or waiting. The bit turns newcomers away, so that movers do not starve.
 * Several stripes are always taken in ascending order, so holders cannot wait for each other in a
 * circle.
 *
 * <p>An entry is a token, not a thread's lock: it is named by its range alone, and may be left by
 * another thread than the one that entered, when an asynchronous transfer completes. It is not
 * reentrant. Readers need no guard: a slot is never reused while mounted.
 */
public final class RangeGuard {
  /** A unit is 1 MiB, the largest request, so that most requests touch one or two. */
  private static final int UNIT_SHIFT = 20;

  private static final int STRIPES = 256;

  /** Ints from one stripe to the next: one cache line of 64 bytes each. */
  private static final int STRIDE = 16;

  private static final int EXCLUSIVE = 1 << 31;

  // Movers are rare and hold for milliseconds (a retry on a dying disk), so waiters poll.
  private static final int SPINS = 100;
  private static final long PARK_NANOS = 50_000;

  private final AtomicIntegerArray stripes = new AtomicIntegerArray(STRIPES * STRIDE);

  /** Enters shared, waiting for exclusive holders of the range to leave. */
  public void enterShared(long byteOffset, long lengthBytes) {
    int first = firstStripe(byteOffset);
    int count = stripeCount(byteOffset, lengthBytes);
    for (int i = 0; i < count; i++) {
      int stripe = ascending(first, count, i);
      for (int tries = 0; !tryShare(stripe); tries++) {
        pause(tries);
      }
    }
  }

  /**
   * Enters shared if that needs no waiting.
   *
   * @return whether entered; if not, nothing is held
   */
  public boolean tryEnterShared(long byteOffset, long lengthBytes) {
    int first = firstStripe(byteOffset);
    int count = stripeCount(byteOffset, lengthBytes);
    for (int i = 0; i < count; i++) {
      if (!tryShare(ascending(first, count, i))) {
        for (int undo = 0; undo < i; undo++) {
          stripes.getAndDecrement(ascending(first, count, undo));
        }
        return false;
      }
    }
    return true;
  }

  /** Leaves what {@link #enterShared} or {@link #tryEnterShared} entered with the same range. */
  public void leaveShared(long byteOffset, long lengthBytes) {
    int first = firstStripe(byteOffset);
    int count = stripeCount(byteOffset, lengthBytes);
    for (int i = 0; i < count; i++) {
      stripes.getAndDecrement(ascending(first, count, i));
    }
  }

  /** Enters exclusive, turning newcomers away and waiting for holders of the range to leave. */
  public void enterExclusive(long byteOffset, long lengthBytes) {
    int first = firstStripe(byteOffset);
    int count = stripeCount(byteOffset, lengthBytes);
    for (int i = 0; i < count; i++) {
      int stripe = ascending(first, count, i);
      for (int tries = 0; !tryMarkExclusive(stripe); tries++) {
        pause(tries);
      }
      for (int tries = 0; stripes.get(stripe) != EXCLUSIVE; tries++) {
        pause(tries);
      }
    }
  }

  /** Leaves what {@link #enterExclusive} entered with the same range. */
  public void leaveExclusive(long byteOffset, long lengthBytes) {
    int first = firstStripe(byteOffset);
    int count = stripeCount(byteOffset, lengthBytes);
    for (int i = 0; i < count; i++) {
      stripes.set(ascending(first, count, i), 0);
    }
  }

  private boolean tryShare(int stripe) {
    int holders = stripes.get(stripe);
    while (holders >= 0) {
      if (stripes.compareAndSet(stripe, holders, holders + 1)) {
        return true;
      }
      holders = stripes.get(stripe);
    }
    return false;
  }

  private boolean tryMarkExclusive(int stripe) {
    int holders = stripes.get(stripe);
    return holders >= 0 && stripes.compareAndSet(stripe, holders, holders | EXCLUSIVE);
  }

  private static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(PARK_NANOS);
    }
  }

  private static int firstStripe(long byteOffset) {
    return (int) ((byteOffset >>> UNIT_SHIFT) & (STRIPES - 1));
  }

  private static int stripeCount(long byteOffset, long lengthBytes) {
    long units = ((byteOffset + lengthBytes - 1) >>> UNIT_SHIFT) - (byteOffset >>> UNIT_SHIFT) + 1;
    return (int) Math.min(units, STRIPES);
  }

  /** The array index of the {@code i}-th stripe of a range in ascending order. */
  private static int ascending(int first, int count, int i) {
    int wrapped = Math.max(0, first + count - STRIPES);
    int stripe = i < wrapped ? i : first + i - wrapped;
    return stripe * STRIDE;
  }
}
