package io.remapfs.engine;

import io.remapfs.engine.device.IoBuffer;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Buffers for what leaves the fast path: bounced requests, blocks being salvaged. A few are kept;
 * more are made when more are wanted at once, and dropped when they come back. Thread-safe.
 */
final class ScratchPool {
  private final int bufferBytes;
  private final ArrayBlockingQueue<IoBuffer> free;

  /**
   * @param bufferBytes the size of each buffer
   * @param kept how many to keep
   */
  ScratchPool(int bufferBytes, int kept) {
    this.bufferBytes = bufferBytes;
    this.free = new ArrayBlockingQueue<>(kept);
  }

  /** A buffer with unspecified contents; give it back with {@link #release}. */
  IoBuffer acquire() {
    IoBuffer buffer = free.poll();
    return buffer != null ? buffer : IoBuffer.allocate(bufferBytes);
  }

  void release(IoBuffer buffer) {
    // A full pool lets the buffer go to the garbage collector.
    boolean kept = free.offer(buffer);
    assert kept || free.remainingCapacity() == 0 : "a pool with room must keep the buffer";
  }

  int bufferBytes() {
    return bufferBytes;
  }
}
