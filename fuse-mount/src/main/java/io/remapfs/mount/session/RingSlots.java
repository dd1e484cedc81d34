package io.remapfs.mount.session;

import org.jspecify.annotations.Nullable;

/**
 * The slots of one loop: many for short requests, a few for the longest. Memory is locked and
 * touched, so not every slot can be of the longest. Used by the loop's thread only.
 */
final class RingSlots {
  /** As many as the kernel sends ahead in the background. */
  static final int SHORT_SLOTS = InitNegotiation.MAX_BACKGROUND;

  /** What a short slot holds, in bytes. */
  static final int SHORT_BYTES = 16 << 10;

  /** What most have memory for from the start, in bytes: a block. */
  static final int PRESENT_BYTES = 4 << 10;

  /** One of them stands open for the next request. */
  static final int LONG_SLOTS = 12;

  /** All slots. */
  static final int COUNT = SHORT_SLOTS + LONG_SLOTS;

  private final RingSlot[] all = new RingSlot[COUNT];
  private final Stack shortOnes = new Stack(SHORT_SLOTS);
  private final Stack longOnes = new Stack(LONG_SLOTS);

  /** The free ones of a kind. */
  private static final class Stack {
    private final @Nullable RingSlot[] slots;
    private int size;

    Stack(int capacity) {
      slots = new RingSlot[capacity];
    }

    void push(RingSlot slot) {
      slots[size++] = slot;
    }

    @Nullable RingSlot pop() {
      return size == 0 ? null : slots[--size];
    }

    void shrink() {
      for (int i = 0; i < size; i++) {
        RingSlot slot = slots[i];
        if (slot != null) {
          slot.buffer.shrink();
        }
      }
    }
  }

  RingSlots(RingWorker owner) {
    for (int i = 0; i < all.length; i++) {
      boolean isShort = i < SHORT_SLOTS;
      all[i] = new RingSlot(owner, i, isShort ? SHORT_BYTES : InitNegotiation.MAX_TRANSFER_BYTES);
      boolean isWhole = i >= COUNT - RequestBuffer.WHOLE_BUFFERS; // The first to be taken.
      all[i].buffer.prepare(isWhole ? InitNegotiation.MAX_TRANSFER_BYTES : PRESENT_BYTES);
      give(all[i]);
    }
  }

  /** The slot with an index. */
  RingSlot at(int index) {
    return all[index];
  }

  /** A free slot for so much payload or data, the shortest that does; null if there is none. */
  @Nullable RingSlot take(int dataBytes) {
    @Nullable RingSlot slot = dataBytes <= SHORT_BYTES ? shortOnes.pop() : null;
    return slot != null ? slot : longOnes.pop();
  }

  /** A free slot for short requests only; null if there is none. */
  @Nullable RingSlot takeShort() {
    return shortOnes.pop();
  }

  /** A free slot for any request; null if there is none. */
  @Nullable RingSlot takeLong() {
    return longOnes.pop();
  }

  /** Gives back the memory that free ones took for long requests. */
  void shrinkFree() {
    shortOnes.shrink();
    longOnes.shrink();
  }

  /** Makes a slot free. */
  void give(RingSlot slot) {
    (slot.index < SHORT_SLOTS ? shortOnes : longOnes).push(slot);
  }
}
