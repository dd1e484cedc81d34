package io.remapfs.health.store;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;

/**
 * Bytes at any place of a device, whatever its sectors are; small pieces only.
 *
 * <p>What shares a sector with the bytes that are written is read first and written back as it was.
 * Thread-safe: one transfer at a time.
 */
final class ByteAccess {
  /** The most that one call transfers. */
  static final int MAX_BYTES = 64 << 10;

  private final BlockDevice device;
  private final int sectorBytes;
  private final IoBuffer buffer;

  // Guarded by this.
  private boolean dirty;

  ByteAccess(BlockDevice device) {
    this.device = device;
    this.sectorBytes = device.sectorSizeBytes();
    this.buffer = IoBuffer.allocate(MAX_BYTES + 2 * sectorBytes);
  }

  synchronized byte[] read(long byteOffset, int lengthBytes) throws BlockDeviceException {
    long from = byteOffset / sectorBytes * sectorBytes;
    device.read(from, buffer, 0, spanBytes(from, byteOffset + lengthBytes));
    byte[] bytes = new byte[lengthBytes];
    buffer.bytes().get((int) (byteOffset - from), bytes);
    return bytes;
  }

  synchronized void write(long byteOffset, byte[] bytes) throws BlockDeviceException {
    long from = byteOffset / sectorBytes * sectorBytes;
    int span = spanBytes(from, byteOffset + bytes.length);
    if (span > bytes.length) {
      device.read(from, buffer, 0, span);
    }
    buffer.bytes().put((int) (byteOffset - from), bytes);
    dirty = true;
    device.write(from, buffer, 0, span);
  }

  private int spanBytes(long from, long end) {
    return (int) ((end - from + sectorBytes - 1) / sectorBytes * sectorBytes);
  }

  /** Whether something was written since the last {@link #flush} that succeeded began. */
  synchronized boolean isDirty() {
    return dirty;
  }

  /** Makes what was written durable. Transfers go on meanwhile. */
  void flush() throws BlockDeviceException {
    synchronized (this) {
      dirty = false;
    }
    try {
      device.flush();
    } catch (BlockDeviceException e) {
      synchronized (this) {
        dirty = true;
      }
      throw e;
    }
  }
}
