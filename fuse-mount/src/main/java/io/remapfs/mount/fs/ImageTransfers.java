package io.remapfs.mount.fs;

import io.remapfs.engine.device.IoBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * Image requests that come in through libfuse's memory, which is not aligned: each goes through one
 * of our own buffers. Results below zero are negative errnos.
 *
 * <p>Idle buffers are kept in a queue and not by thread: libfuse's threads come and go, and jffi
 * attaches them to the JVM anew for each callback. Thread-safe.
 */
final class ImageTransfers {
  /** The largest request of libfuse 2.9: 32 pages. Longer ones are served in pieces. */
  private static final int PIECE_BYTES = 128 << 10;

  private static final int KEPT_BUFFERS = 16;

  private final ImageFile image;
  private final ArrayBlockingQueue<IoBuffer> idle = new ArrayBlockingQueue<>(KEPT_BUFFERS);

  ImageTransfers(ImageFile image) {
    this.image = image;
  }

  /** Reads into {@code target}: the count, short at the image's end, or a negative errno. */
  int read(Pointer target, long byteOffset, int lengthBytes) {
    IoBuffer buffer = take();
    try {
      int done = 0;
      while (done < lengthBytes) {
        int piece = Math.min(lengthBytes - done, PIECE_BYTES);
        int count = image.read(byteOffset + done, buffer, 0, piece);
        if (count < 0) {
          return count;
        }
        target.slice(done).transferFrom(0, pointerTo(buffer), 0, count);
        done += count;
        if (count < piece) {
          break;
        }
      }
      return done;
    } finally {
      giveBack(buffer);
    }
  }

  /** Writes from {@code source}: the count, short at the image's end, or a negative errno. */
  int write(Pointer source, long byteOffset, int lengthBytes) {
    IoBuffer buffer = take();
    try {
      int done = 0;
      while (done < lengthBytes) {
        int piece = Math.min(lengthBytes - done, PIECE_BYTES);
        source.slice(done).transferTo(0, pointerTo(buffer), 0, piece);
        int count = image.write(byteOffset + done, buffer, 0, piece);
        if (count < 0) {
          // What was written stays written; only the first piece's error is the request's.
          return done > 0 ? done : count;
        }
        done += count;
        if (count < piece) {
          break;
        }
      }
      return done;
    } finally {
      giveBack(buffer);
    }
  }

  private IoBuffer take() {
    @Nullable IoBuffer buffer = idle.poll();
    return buffer != null ? buffer : IoBuffer.allocate(PIECE_BYTES);
  }

  /** Beyond {@value #KEPT_BUFFERS} idle ones, a buffer is left to the collector. */
  private void giveBack(IoBuffer buffer) {
    boolean unused = idle.offer(buffer);
  }

  private static Pointer pointerTo(IoBuffer buffer) {
    return Pointer.wrap(Runtime.getSystemRuntime(), buffer.address());
  }
}
