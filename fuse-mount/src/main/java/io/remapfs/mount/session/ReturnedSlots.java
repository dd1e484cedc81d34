package io.remapfs.mount.session;

import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.ring.IoUring;
import java.util.concurrent.ArrayBlockingQueue;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * Where helpers leave the slots of a loop, and wake it if it wants to be woken.
 *
 * <p>{@link #add} may be called by any thread, the rest by the loop's only, {@link #close()} after
 * it has left.
 */
final class ReturnedSlots implements AutoCloseable {
  private static final Pointer ONE = one();

  // Linux' sys/eventfd.h
  private static final int EFD_CLOEXEC = 0x80000;

  private final ArrayBlockingQueue<RingSlot> slots;

  /** Written to wake the loop, whose ring reads it. */
  private final int wakeFd;

  /** Where the count of {@link #wakeFd} is read to. */
  private final Pointer wakeCount =
      Memory.allocateDirect(Runtime.getSystemRuntime(), Long.BYTES, true);

  private volatile boolean wakes;

  /** For as many slots as the loop has. */
  ReturnedSlots(int capacity) {
    this.slots = new ArrayBlockingQueue<>(capacity);
    this.wakeFd = LibC.INSTANCE.eventfd(0, EFD_CLOEXEC);
  }

  private static Pointer one() {
    Pointer memory = Memory.allocateDirect(Runtime.getSystemRuntime(), Long.BYTES, true);
    memory.putLong(0, 1);
    return memory;
  }

  void add(RingSlot slot) {
    slots.add(slot);
    if (wakes) { // Read after the slot was added; the loop looks for slots after it was set.
      long unused = LibC.INSTANCE.write(wakeFd, ONE.address(), Long.BYTES);
    }
  }

  /** Whether what is added from now on is to wake the loop; it must look for slots after it. */
  void wake(boolean newWakes) {
    wakes = newWakes;
  }

  /** Has the ring complete once something woke the loop. */
  void await(IoUring ring, long userData) {
    ring.read(wakeFd, wakeCount.address(), Long.BYTES, 0, userData, 0);
  }

  boolean isEmpty() {
    return slots.isEmpty();
  }

  /** The oldest slot; null if there is none. */
  @Nullable RingSlot poll() {
    return slots.poll();
  }

  @Override
  public void close() {
    Posix.close(wakeFd);
  }
}
