package io.remapfs.mount.fs;

import io.remapfs.engine.device.IoBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Spare I/O buffers for image requests that come in through libfuse's memory, which is not aligned.
 *
 * <p>Kept in a queue and not by thread: libfuse's threads come and go, and jffi attaches them to
 * the JVM anew for each callback. Thread-safe.
 */
final class TransferBuffers {
  /** The largest request of libfuse 2.9: 32 pages. Longer ones are served in pieces. */
  static final int CAPACITY_BYTES = 128 << 10;

  private static final int KEPT = 16;

  private final ArrayBlockingQueue<IoBuffer> idle = new ArrayBlockingQueue<>(KEPT);

  IoBuffer take() {
    @Nullable IoBuffer buffer = idle.poll();
    return buffer != null ? buffer : IoBuffer.allocate(CAPACITY_BYTES);
  }

  /** Gives a buffer back; beyond {@value #KEPT} idle ones it is left to the collector. */
  void giveBack(IoBuffer buffer) {
    boolean kept = idle.offer(buffer);
    assert kept || idle.remainingCapacity() == 0;
  }
}
