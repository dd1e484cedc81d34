package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.fs.ImageFile;
import io.remapfs.mount.ring.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * An event loop on a clone of {@code /dev/fuse}, with the backing's I/O in an io_uring: one thread
 * serves as many requests at once as there are slots, and sleeps in one place only.
 *
 * <p><b>The way of a request.</b> The ring awaits that the descriptor can be read, and reads it. A
 * READ or WRITE of the image with a straight path ({@link io.remapfs.engine.StraightPath}) becomes
 * a chain of two: the backing's transfer, and the reply, which the kernel sends itself when the
 * transfer was done in full. So the loop sees one completion for a request: that of the reply, or
 * that of the transfer where this failed or was short, and then no reply was sent. Whatever may
 * wait goes to the helpers ({@link SlowRequests}): the loop waits for nobody's guard, retry, lock
 * or barrier.
 *
 * <p><b>A write's guard</b> is entered before the table is asked and left when the reply's
 * completion is seen, so a little after the reply: longer than need be is safe. Where the transfer
 * failed, the helper that does it over leaves it.
 *
 * <p><b>Without a free slot</b> no request is read, until one comes back; the kernel keeps them.
 *
 * <p>Invariants: a slot is in exactly one of the free ones, the arrival, the ring, the helpers'
 * queue or the returned ones; {@link #inFlight} counts those in the ring; {@link #serve} returns
 * when it is 0. A reply goes to the descriptor that its request came from, and each request gets
 * one.
 *
 * <p>Used by one thread, except {@link #giveBack} (any) and {@link #close()}, which comes after
 * that thread has left.
 */
final class RingWorker implements SessionWorker, RingSlot.Owner {
  // What a completion is of: a slot's index with a bit for which of its two, or one of these.
  private static final long ARRIVAL = -1;
  private static final long RETURN = -2;
  private static final long ALARM = -3;
  private static final int TRANSFER_BIT = 1;

  /**
   * Requests read at once behind one that the ring has read. Measured (2 CPUs, O_DIRECT, 4 KiB
   * writes at depth 32): 73 000 a second with 4, 45 000 with none, 61 000 with 16; reads are not
   * touched.
   */
  private static final int MORE_AT_ONCE = 4;

  /** The most that is put in the ring for one completion. */
  private static final int ROOM = 6;

  private final IoUring ring;
  private final int fd;
  private final ImageFile image;
  private final SlowRequests slow;
  private final RingSlots slots;
  private final Spinning spinning;
  private final Eagerness eagerness;
  private final ReturnedSlots returned = new ReturnedSlots(RingSlots.COUNT);
  private final GrownBuffers grown = new GrownBuffers(GrownBuffers.PERIOD);

  /** Where the next request will stand; null while there is no free slot for it. */
  private @Nullable RingSlot arrival;

  private boolean arrivalAwaited;
  private boolean ended;
  private int inFlight;

  /** Requests that arrived at a time, the most lately. */
  private int crowd;

  /** Takes the ring and the descriptor over. */
  RingWorker(
      IoUring ring,
      int fd,
      ImageFile image,
      SlowRequests slow,
      Spinning spinning,
      Eagerness eagerness) {
    this.ring = ring;
    this.fd = fd;
    this.image = image;
    this.slow = slow;
    this.spinning = spinning;
    this.eagerness = eagerness;
    this.slots = new RingSlots(this);
  }

  /** The clone of {@code /dev/fuse}. */
  @Override
  public int fd() {
    return fd;
  }

  @Override
  public void giveBack(RingSlot slot) {
    returned.add(slot);
  }

  @Override
  public void serve() {
    try {
      ring.start();
      awaitReturns();
      awaitArrival();
      while (!ended || inFlight > 0) {
        await();
        takeCompletions();
        takeReturned();
        giveBackMemory();
        awaitArrival();
      }
    } finally {
      slow.loopHasEnded();
    }
  }

  /** Has begun what was put in the ring, and waits for a completion. */
  private void await() {
    if (eagerness.isEager() && spinning.begins(inFlight)) {
      for (int i = 0; i < Spinning.TRIES; i++) {
        ring.submitAndWait(0);
        if (ring.hasCompletion()) {
          spinning.found();
          return;
        }
      }
      spinning.foundNothing();
    }
    long sinceNanos = System.nanoTime();
    ring.submitAndWait(1);
    spinning.slept(System.nanoTime() - sinceNanos);
  }

  private void takeCompletions() {
    while (ring.hasCompletion()) {
      if (!ring.hasRoom(ROOM)) {
        ring.submitAndWait(0);
      }
      long of = ring.userData();
      int result = ring.result();
      ring.advance();
      if (of == ARRIVAL) {
        arrivalAwaited = false;
        arrived(result);
        int arrivals = 1 + takeMore();
        crowd = Math.max(arrivals, crowd - 1);
        eagerness.took(arrivals, inFlight, System.nanoTime());
      } else if (of == RETURN) {
        awaitReturns();
      } else if (of == ALARM) {
        grown.alarmed();
      } else {
        completed(slots.at((int) (of >>> 1)), (of & TRANSFER_BIT) != 0, result);
      }
    }
  }

  /**
   * Reads some more requests at once, where there have been any lately, or those in flight make it
   * likely.
   *
   * <p>So they go to the kernel with one {@code io_uring_enter}, and not with one each. Only a few:
   * the disk waits for the first of them meanwhile.
   *
   * @return how many
   */
  private int takeMore() {
    if (crowd < 2 && inFlight <= Spinning.MOST_IN_FLIGHT) {
      return 0;
    }
    for (int taken = 0; taken < MORE_AT_ONCE && !ended; taken++) {
      RingSlot slot = nextArrival();
      if (slot == null) {
        return taken;
      }
      long result =
          LibC.INSTANCE.read(fd, slot.buffer.requestAddress(), RequestBuffer.REQUEST_BYTES);
      int errno = result < 0 ? Errno.last() : 0;
      if (errno == Errno.EAGAIN) {
        return taken;
      }
      arrived(errno == 0 ? (int) result : -errno);
      if (!ring.hasRoom(ROOM)) {
        ring.submitAndWait(0);
      }
    }
    return MORE_AT_ONCE;
  }

  private void awaitReturns() {
    returned.await(ring, RETURN);
  }

  private void giveBackMemory() {
    if (grown.areIdle()) {
      slots.shrinkFree();
      grown.shrunk();
    }
    grown.setAlarm(ring, ALARM);
  }

  private void takeReturned() {
    for (RingSlot slot = returned.poll(); slot != null; slot = returned.poll()) {
      slots.give(slot);
    }
  }

  /** Has the ring read the next request, if there is a slot for it. */
  private void awaitArrival() {
    if (arrivalAwaited || ended) {
      return;
    }
    RingSlot slot = nextArrival();
    if (slot == null) {
      return;
    }
    arrivalAwaited = true;
    ring.awaitReadable(fd, ARRIVAL, IoUring.LINK | IoUring.QUIET);
    ring.read(fd, slot.buffer.requestAddress(), RequestBuffer.REQUEST_BYTES, 0, ARRIVAL, 0);
  }

  /** Where the next request is to stand; null while there is no free slot for it. */
  private @Nullable RingSlot nextArrival() {
    RingSlot slot = arrival != null ? arrival : slots.takeLong();
    if (slot == null) {
      returned.wake(true);
      takeReturned();
      slot = slots.takeLong();
      if (slot == null) {
        return null;
      }
    }
    returned.wake(false);
    arrival = slot;
    return slot;
  }

  private void arrived(int result) {
    RingSlot request = arrival;
    if (request == null) {
      throw new IllegalStateException("a request arrived nowhere");
    }
    if (result < FuseProtocol.IN_HEADER_BYTES) {
      ended = !RequestServer.mayReadOn(result < 0 ? -result : Errno.EIO);
      return;
    }
    switch (request.buffer.requestInt(FuseProtocol.IN_OPCODE)) {
      case FuseProtocol.OPCODE_READ -> read(request, result);
      case FuseProtocol.OPCODE_WRITE -> write(request, result);
      // No request can be called back from a disk, and this one has no reply.
      case FuseProtocol.OPCODE_INTERRUPT -> {}
      default -> handOver(request, result, result - FuseProtocol.IO_HEADER_BYTES);
    }
  }

  private void read(RingSlot request, int lengthBytes) {
    RequestBuffer asked = request.buffer;
    int sizeBytes = asked.requestInt(FuseProtocol.IO_SIZE);
    if (!isOrderly(asked, lengthBytes, sizeBytes)) {
      handOver(request, lengthBytes, lengthBytes - FuseProtocol.IO_HEADER_BYTES);
      return;
    }
    if (sizeBytes > RingWorkers.LONG_READ_BYTES && slow.hasHelpersToSpare()) {
      handOver(request, lengthBytes, sizeBytes);
      return;
    }
    long byteOffset = asked.requestLong(FuseProtocol.IO_OFFSET);
    @Nullable RingSlot free = slots.take(sizeBytes);
    RingSlot slot = free != null ? free : request;
    RequestBuffer buffer = slot.buffer;
    if (!image.enterRead(byteOffset, buffer.memory(), RequestBuffer.DATA, sizeBytes, slot.place)) {
      if (free != null) {
        slots.give(free);
      }
      handOver(request, lengthBytes, sizeBytes);
      return;
    }
    if (free == null) {
      arrival = null;
    }
    begin(slot, false, asked.requestLong(FuseProtocol.IN_UNIQUE), byteOffset, sizeBytes);
    int replyBytes = ImageRequests.readReply(buffer, slot.unique, sizeBytes);
    long of = (long) slot.index << 1;
    ring.read(
        slot.place.descriptor(),
        buffer.dataAddress(),
        sizeBytes,
        slot.place.byteOffset(),
        of | TRANSFER_BIT,
        IoUring.LINK | IoUring.QUIET);
    ring.write(fd, buffer.replyAddress(), replyBytes, 0, of, 0);
  }

  private void write(RingSlot request, int lengthBytes) {
    RequestBuffer asked = request.buffer;
    int sizeBytes = asked.requestInt(FuseProtocol.IO_SIZE);
    if (!isOrderly(asked, lengthBytes, sizeBytes)
        || sizeBytes > lengthBytes - FuseProtocol.IO_HEADER_BYTES) {
      handOver(request, lengthBytes, lengthBytes - FuseProtocol.IO_HEADER_BYTES);
      return;
    }
    long byteOffset = asked.requestLong(FuseProtocol.IO_OFFSET);
    if (!image.enterWrite(
        byteOffset, asked.memory(), RequestBuffer.DATA, sizeBytes, request.place)) {
      handOver(request, lengthBytes, sizeBytes);
      return;
    }
    RingSlot slot = settled(request, lengthBytes, sizeBytes);
    slot.place.copy(request.place);
    RequestBuffer buffer = slot.buffer;
    begin(slot, true, buffer.requestLong(FuseProtocol.IN_UNIQUE), byteOffset, sizeBytes);
    buffer.putAsideWritten(sizeBytes, slot.unique);
    long of = (long) slot.index << 1;
    ring.write(
        slot.place.descriptor(),
        buffer.dataAddress(),
        sizeBytes,
        slot.place.byteOffset(),
        of | TRANSFER_BIT,
        IoUring.LINK | IoUring.QUIET);
    ring.write(fd, buffer.asideAddress(), FuseProtocol.WRITE_REPLY_BYTES, 0, of, 0);
  }

  /** Whether a READ or WRITE is the image's, and no more than was agreed on. */
  private static boolean isOrderly(RequestBuffer asked, int lengthBytes, int sizeBytes) {
    return lengthBytes >= FuseProtocol.IO_HEADER_BYTES
        && sizeBytes > 0
        && sizeBytes <= InitNegotiation.MAX_TRANSFER_BYTES
        && ImageFile.isHandle(asked.requestLong(FuseProtocol.IO_HANDLE));
  }

  private void begin(RingSlot slot, boolean writes, long unique, long byteOffset, int sizeBytes) {
    slot.inRing = true;
    slot.writes = writes;
    slot.unique = unique;
    slot.byteOffset = byteOffset;
    slot.sizeBytes = sizeBytes;
    grown.used(slot.buffer, sizeBytes);
    inFlight++;
  }

  /**
   * Gives a request that arrived to the helpers; {@code dataBytes} is room for payload and data.
   */
  private void handOver(RingSlot request, int lengthBytes, int dataBytes) {
    RingSlot slot = settled(request, lengthBytes, dataBytes);
    slot.task = RingSlot.Task.SERVE;
    slot.lengthBytes = lengthBytes;
    grown.used(slot.buffer, dataBytes);
    slow.add(slot);
  }

  /** Where a request that arrived is to stay: copied to a short slot, if there is one, or there. */
  private RingSlot settled(RingSlot request, int lengthBytes, int dataBytes) {
    @Nullable RingSlot slot = dataBytes <= RingSlots.SHORT_BYTES ? slots.takeShort() : null;
    if (slot != null) {
      int copied = Math.min(lengthBytes, FuseProtocol.IO_HEADER_BYTES + dataBytes);
      slot.buffer.copyRequest(request.buffer, copied);
      return slot;
    }
    arrival = null;
    return request;
  }

  private void completed(RingSlot slot, boolean transferFailed, int result) {
    if (!slot.inRing) {
      throw new IllegalStateException("a slot that is not in the ring has a completion");
    }
    slot.inRing = false;
    inFlight--;
    if (transferFailed) {
      if (slot.writes) {
        // Before it waits for a helper: those may all be waiting for this very guard.
        image.leaveFailedWrite(slot.byteOffset, slot.sizeBytes);
      }
      slot.task = slot.writes ? RingSlot.Task.WRITE_AGAIN : RingSlot.Task.READ_AGAIN;
      slow.add(slot);
      return;
    }
    if (slot.writes) {
      image.leaveWrite(slot.byteOffset, slot.sizeBytes, slot.place);
    }
    if (result < 0) {
      RequestServer.noteRefusedReply(-result);
    }
    slots.give(slot);
  }

  @Override
  public boolean isVital() {
    return true;
  }

  @Override
  public void close() {
    ring.close();
    returned.close();
    Posix.close(fd);
  }
}
