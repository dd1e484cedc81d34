package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.fs.ImageFile;
import io.remapfs.mount.ring.IoUring;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The loop of one queue of FUSE over io_uring: one ring has the kernel's requests and the backing's
 * I/O both. The kernel puts a request in the queue of the CPU on which it was made; whether the
 * loop stays on that CPU is a matter of what serves more ({@link Eagerness}).
 *
 * <p><b>The way of a request.</b> Each entry ({@link UringEntry}) was registered once and is with
 * the kernel until a request stands in it, which is a completion. A READ or WRITE of the image with
 * a straight path ({@link io.remapfs.engine.StraightPath}) becomes a transfer of the backing, from
 * or to the entry's own memory. A READ's reply is chained to it: the kernel sends it when the
 * transfer was done in full. A WRITE's reply stands where its payload does, so it is made when the
 * transfer's completion is seen. Whatever may wait goes to the helpers ({@link SlowRequests}),
 * which leave the reply in the entry and give it back. The reply is a command that at the same time
 * asks for the next request.
 *
 * <p><b>A chain that is cut</b>, by a transfer that failed or was short, gives two completions: the
 * transfer's, and that of the reply, which was not sent. Only after both is the entry the helpers'.
 *
 * <p><b>Small steps.</b> What arrived together is submitted {@value #GROUP} requests at a time: the
 * disk begins with the first while the loop prepares the next. Measured (2 CPUs, O_DIRECT, 4 KiB
 * reads at depth 32): 87 000 a second in steps of 4, 67 000 in one. With much coming in at a time
 * the loop also looks once more before the first step, since telling a resting disk costs some 25
 * us, which the first few requests had better share: 83 000 writes a second without, 94 000 with.
 *
 * <p><b>A write's guard</b> is entered before the table is asked and left when the transfer's
 * completion is seen, so before the reply.
 *
 * <p><b>The end.</b> Once unmounted or aborted, the kernel ends every entry that it has with
 * ENOTCONN, and refuses what is given to it with the same.
 *
 * <p>Invariants: an entry is in exactly one of the kernel, the ring as a transfer, the helpers'
 * queue, or the returned ones, until the kernel has ended it; {@link #live} counts those that it
 * has not, {@link #transfers} those in the ring as a transfer; {@link #serve} returns when none
 * lives.
 *
 * <p>Used by one thread, except {@link #giveBack} (any) and {@link #close()}, which comes after
 * that thread has left.
 */
final class UringWorker implements SessionWorker, RingSlot.Owner {
  private static final Logger LOG = LogManager.getLogger(UringWorker.class);

  // What a completion is of: an entry's index with a bit for which of its two, or this.
  private static final long RETURN = -1;
  private static final long ALARM = -2;
  private static final int TRANSFER_BIT = 1;

  /** Transfers that are submitted together. */
  private static final int GROUP = 4;

  /** Completions at a time from which on more are likely to be on their way. */
  private static final int MANY = 3;

  /**
   * The size of a queue.
   *
   * @param entries how many requests it has on their way
   * @param payloadBytes the memory of each for what is behind its header
   */
  record Size(int entries, int payloadBytes) {}

  private final IoUring ring;
  private final int fd;
  private final int queue;
  private final ImageFile image;
  private final SlowRequests slow;
  private final Spinning spinning;
  private final Eagerness eagerness;
  private final UringStart start;
  private final UringEntry[] entries;
  private final ReturnedSlots returned;
  private final GrownBuffers grown = new GrownBuffers(GrownBuffers.PERIOD);

  /** Whether the kernel said that the mount is gone. */
  private boolean disconnected;

  private boolean ringClosed;
  private int live;
  private int transfers;
  private int atHelpers;

  /** Transfers that were put in the ring and not submitted yet. */
  private int unsubmitted;

  /** The most completions that came at a time lately. */
  private int crowd;

  /** Takes the ring and the descriptor, a clone of {@code /dev/fuse}, over. */
  UringWorker(
      IoUring ring,
      int fd,
      int queue,
      ImageFile image,
      SlowRequests slow,
      Spinning spinning,
      Eagerness eagerness,
      UringStart start,
      Size size) {
    this.ring = ring;
    this.fd = fd;
    this.queue = queue;
    this.image = image;
    this.slow = slow;
    this.spinning = spinning;
    this.eagerness = eagerness;
    this.start = start;
    this.entries = new UringEntry[size.entries()];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = new UringEntry(this, i, size.payloadBytes());
      boolean isWhole = i == entries.length - 1; // The kernel takes it first.
      entries[i].slot.buffer.prepare(isWhole ? size.payloadBytes() : RingSlots.PRESENT_BYTES);
    }
    this.returned = new ReturnedSlots(entries.length);
  }

  @Override
  public int fd() {
    return RequestServer.IN_BUFFER;
  }

  @Override
  public void giveBack(RingSlot slot) {
    returned.add(slot);
  }

  @Override
  public void serve() {
    try {
      if (!start.awaitAgreed()) {
        return;
      }
      CpuPlace place = new CpuPlace(queue);
      ring.start();
      awaitReturns();
      boolean registered = register();
      while (live > 0) {
        boolean eager = eagerness.isEager();
        place.keep(eager);
        await(eager);
        takeCompletions();
        takeReturned();
        giveBackMemory();
      }
      if (registered && !disconnected) {
        throw new IllegalStateException("a queue has no entry left, but the mount stands");
      }
    } catch (Throwable failure) {
      // What the kernel has ready for this thread would wait for it, and an unmount for that.
      closeRing();
      start.refused("a queue failed: " + failure);
      throw failure;
    } finally {
      slow.loopHasEnded();
    }
  }

  private void closeRing() {
    if (!ringClosed) {
      ringClosed = true;
      ring.close();
    }
  }

  /** Gives all entries to the kernel; it says at once if it does not want them. */
  private boolean register() {
    for (UringEntry entry : entries) {
      ring.fuseCommand(
          fd,
          FuseProtocol.URING_REGISTER,
          entry.vectorAddress(),
          queue,
          0,
          (long) entry.slot.index << 1);
      live++;
    }
    ring.submitAndWait(0);
    if (ring.hasCompletion() && ring.userData() != RETURN && ring.result() < 0) {
      start.refused("the kernel's FUSE refuses a queue: " + Errno.describe(-ring.result()));
      return false;
    }
    start.registered();
    return true;
  }

  /** Has begun what was put in the ring, and waits for a completion. */
  private void await(boolean eager) {
    unsubmitted = 0;
    if (eager && transfers > 0 && spinning.begins(transfers)) {
      for (int i = 0; i < Spinning.TRIES; i++) {
        ring.submitAndWait(0);
        if (ring.hasCompletion()) {
          spinning.found();
          return;
        }
      }
      spinning.foundNothing();
    }
    returned.wake(true);
    if (returned.isEmpty()) {
      long sinceNanos = System.nanoTime();
      ring.submitAndWait(1);
      if (transfers > 0) {
        spinning.slept(System.nanoTime() - sinceNanos);
      }
      if (crowd >= MANY) {
        ring.submitAndWait(0);
      }
    }
    returned.wake(false);
  }

  private void takeCompletions() {
    int taken = 0;
    int requests = 0;
    while (ring.hasCompletion()) {
      long of = ring.userData();
      int result = ring.result();
      ring.advance();
      taken++;
      if (of == RETURN) {
        awaitReturns();
        continue;
      }
      if (of == ALARM) {
        grown.alarmed();
        continue;
      }
      UringEntry entry = entries[(int) (of >>> 1)];
      if ((of & TRANSFER_BIT) != 0) {
        transferred(entry, result);
      } else if (entry.isCut) {
        entry.isCut = false;
        help(entry.slot);
      } else if (result < 0) {
        ended(result);
      } else {
        requests++;
        take(entry);
        submitInSteps();
      }
    }
    crowd = Math.max(taken, crowd - 1);
    if (requests > 0) {
      eagerness.took(requests, transfers, System.nanoTime());
    }
  }

  private void submitInSteps() {
    if (unsubmitted >= GROUP) {
      ring.submit();
      unsubmitted = 0;
    }
  }

  private void awaitReturns() {
    returned.await(ring, RETURN);
  }

  /** Sends what the helpers answered. */
  private void takeReturned() {
    for (RingSlot slot = returned.poll(); slot != null; slot = returned.poll()) {
      UringEntry entry = entries[slot.index];
      atHelpers--;
      if (!entry.takeReply()) {
        entry.putError(-Errno.EIO); // A bug of ours; it was logged where it happened.
      }
      commit(entry);
    }
  }

  /**
   * Gives back what long requests took, once there was none for a while and nothing is on its way.
   *
   * <p>Entries that are with the kernel hold nothing: it puts a request into one within our own
   * calls only, and that has a completion.
   */
  private void giveBackMemory() {
    if (grown.areIdle() && transfers == 0 && atHelpers == 0) {
      ring.submitAndWait(0); // Replies still stood in their entries.
      if (!ring.hasCompletion()) {
        for (UringEntry entry : entries) {
          entry.slot.buffer.shrink();
        }
        grown.shrunk();
      }
    }
    grown.setAlarm(ring, ALARM);
  }

  /** The kernel gives an entry back for good. */
  private void ended(int result) {
    live--;
    if (result == -Errno.ENOTCONN || result == -Errno.ECONNABORTED) { // unmounted, or aborted
      disconnected = true;
    } else {
      LOG.error("the kernel took an entry of a queue back: {}", Errno.describe(-result));
    }
  }

  /** A request stands in the entry. */
  private void take(UringEntry entry) {
    RingSlot slot = entry.slot;
    slot.unique = entry.unique();
    slot.commitId = entry.commitId();
    switch (entry.opcode()) {
      case FuseProtocol.OPCODE_READ -> read(entry);
      case FuseProtocol.OPCODE_WRITE -> write(entry);
      default -> handOver(entry);
    }
  }

  private void read(UringEntry entry) {
    RingSlot slot = entry.slot;
    long byteOffset = entry.operationLong(FuseProtocol.IO_OFFSET);
    int sizeBytes = entry.operationInt(FuseProtocol.IO_SIZE);
    grown.used(slot.buffer, sizeBytes);
    if (!isOrderly(entry, sizeBytes)
        || (sizeBytes > RingWorkers.LONG_READ_BYTES && slow.hasHelpersToSpare())
        || !image.enterRead(
            byteOffset, slot.buffer.memory(), RequestBuffer.DATA, sizeBytes, slot.place)) {
      handOver(entry);
      return;
    }
    begin(slot, false, byteOffset, sizeBytes);
    entry.isChained = true;
    entry.putRead(sizeBytes); // Sent only if it becomes true.
    ring.read(
        slot.place.descriptor(),
        slot.buffer.dataAddress(),
        sizeBytes,
        slot.place.byteOffset(),
        transferOf(slot),
        IoUring.LINK);
    commit(entry);
  }

  private void write(UringEntry entry) {
    RingSlot slot = entry.slot;
    long byteOffset = entry.operationLong(FuseProtocol.IO_OFFSET);
    int sizeBytes = entry.operationInt(FuseProtocol.IO_SIZE);
    grown.used(slot.buffer, sizeBytes);
    if (!isOrderly(entry, sizeBytes)
        || sizeBytes > entry.payloadBytes()
        || !image.enterWrite(
            byteOffset, slot.buffer.memory(), RequestBuffer.DATA, sizeBytes, slot.place)) {
      handOver(entry);
      return;
    }
    begin(slot, true, byteOffset, sizeBytes);
    ring.write(
        slot.place.descriptor(),
        slot.buffer.dataAddress(),
        sizeBytes,
        slot.place.byteOffset(),
        transferOf(slot),
        0);
  }

  /** Whether a READ or WRITE is the image's, and no more than was agreed on. */
  private static boolean isOrderly(UringEntry entry, int sizeBytes) {
    return sizeBytes > 0
        && sizeBytes <= entry.slot.buffer.dataBytes()
        && ImageFile.isHandle(entry.operationLong(FuseProtocol.IO_HANDLE));
  }

  private void begin(RingSlot slot, boolean writes, long byteOffset, int sizeBytes) {
    slot.inRing = true;
    slot.writes = writes;
    slot.byteOffset = byteOffset;
    slot.sizeBytes = sizeBytes;
    transfers++;
    unsubmitted++;
  }

  private static long transferOf(RingSlot slot) {
    return (long) slot.index << 1 | TRANSFER_BIT;
  }

  /** Gives a request to the helpers. */
  private void handOver(UringEntry entry) {
    RingSlot slot = entry.slot;
    int lengthBytes = entry.assemble();
    if (lengthBytes == 0) {
      entry.putError(-Errno.EIO);
      commit(entry);
      return;
    }
    slot.task = RingSlot.Task.SERVE;
    slot.lengthBytes = lengthBytes;
    help(slot);
  }

  private void help(RingSlot slot) {
    atHelpers++;
    slow.add(slot);
  }

  private void transferred(UringEntry entry, int result) {
    RingSlot slot = entry.slot;
    if (!slot.inRing) {
      throw new IllegalStateException("an entry that has no transfer in the ring completes one");
    }
    slot.inRing = false;
    transfers--;
    boolean isChained = entry.isChained;
    entry.isChained = false;
    if (result != slot.sizeBytes) {
      if (slot.writes) {
        // Before it waits for a helper: those may all be waiting for this very guard.
        image.leaveFailedWrite(slot.byteOffset, slot.sizeBytes);
      }
      slot.task = slot.writes ? RingSlot.Task.WRITE_AGAIN : RingSlot.Task.READ_AGAIN;
      if (isChained) {
        entry.isCut = true;
      } else {
        help(slot);
      }
      return;
    }
    if (slot.writes) {
      image.leaveWrite(slot.byteOffset, slot.sizeBytes, slot.place);
      entry.putWritten(result);
    }
    if (!isChained) {
      commit(entry);
    }
  }

  /** Sends the reply that stands in the entry, and asks for the next request. */
  private void commit(UringEntry entry) {
    ring.fuseCommand(
        fd,
        FuseProtocol.URING_COMMIT_AND_FETCH,
        0,
        queue,
        entry.slot.commitId,
        (long) entry.slot.index << 1);
  }

  @Override
  public boolean isVital() {
    return true;
  }

  @Override
  public void close() {
    closeRing();
    returned.close();
    Posix.close(fd);
  }
}
