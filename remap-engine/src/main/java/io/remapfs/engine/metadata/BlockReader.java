package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import java.nio.ByteBuffer;

/**
 * Reads runs of metadata blocks for recovery: many at once, and one by one where that fails, so
 * that one bad block does not hide its neighbours. Not thread-safe.
 */
final class BlockReader {
  /** Blocks read at once. */
  static final int CHUNK_BLOCKS = 32;

  /** Receives each block of a run. */
  @FunctionalInterface
  interface Receiver {
    /**
     * One block.
     *
     * @param index its index in the run
     * @param bytes valid during the call
     * @param at where the block begins in {@code bytes}
     * @param readable false if the medium did not yield it; {@code bytes} mean nothing then
     */
    void accept(int index, ByteBuffer bytes, int at, boolean readable);
  }

  private final BlockDevice spare;
  private final IoBuffer buffer = IoBuffer.allocate(CHUNK_BLOCKS * BlockFormat.BYTES);

  BlockReader(BlockDevice spare) {
    this.spare = spare;
  }

  /** Reads {@code blocks} blocks from {@code byteOffset} on. */
  void read(long byteOffset, int blocks, Receiver receiver) {
    for (int first = 0; first < blocks; first += CHUNK_BLOCKS) {
      int count = Math.min(CHUNK_BLOCKS, blocks - first);
      long offset = byteOffset + (long) first * BlockFormat.BYTES;
      boolean whole = tryRead(offset, count * BlockFormat.BYTES);
      for (int i = 0; i < count; i++) {
        if (whole) {
          receiver.accept(first + i, buffer.bytes(), i * BlockFormat.BYTES, true);
        } else {
          boolean readable = tryRead(offset + (long) i * BlockFormat.BYTES, BlockFormat.BYTES);
          receiver.accept(first + i, buffer.bytes(), 0, readable);
        }
      }
    }
  }

  private boolean tryRead(long byteOffset, int lengthBytes) {
    try {
      spare.read(byteOffset, buffer, 0, lengthBytes);
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }
}
