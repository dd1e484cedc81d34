package io.remapfs.mount.session;

import io.remapfs.engine.TransferPlace;

/**
 * One request on its way: the buffer in which it stands, and what is needed of it when its transfer
 * comes back. Made once, used again and again.
 *
 * <p>Owned by one thread at a time: the loop that made it, or a helper from the queue that it was
 * put in ({@link SlowRequests}) until it was {@link #giveBack given back}.
 */
final class RingSlot {
  /** Whom it comes back to. */
  interface Owner {
    /** The descriptor that its requests come from, or {@link RequestServer#IN_BUFFER}. */
    int fd();

    /** Takes it back from a helper; called on any thread. */
    void giveBack(RingSlot slot);
  }

  /** What a helper is to do with it. */
  enum Task {
    /** Serve the request that stands in the buffer, {@link #lengthBytes} long. */
    SERVE,
    /** Do an entered read over. */
    READ_AGAIN,
    /** Do an entered write over. */
    WRITE_AGAIN
  }

  final RequestBuffer buffer;
  final int index;
  private final Owner owner;

  Task task = Task.SERVE;

  /** The length of the request, in bytes. */
  long lengthBytes;

  /** Whether a transfer of it is in the ring, or may become one. */
  boolean inRing;

  /** Where the transfer goes. */
  final TransferPlace place = new TransferPlace();

  /** The transfer: that of a WRITE, or a READ. */
  boolean writes;

  long unique;

  /** What the kernel knows the request by, where it came through a queue. */
  long commitId;

  long byteOffset;
  int sizeBytes;

  RingSlot(Owner owner, int index, int dataBytes) {
    this.owner = owner;
    this.index = index;
    this.buffer = new RequestBuffer(dataBytes);
  }

  /** The descriptor that the request came from. */
  int fd() {
    return owner.fd();
  }

  /** Called by a helper when the request was answered. */
  void giveBack() {
    owner.giveBack(this);
  }
}
