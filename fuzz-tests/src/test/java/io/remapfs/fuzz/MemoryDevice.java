package io.remapfs.fuzz;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.IoBuffer;
import java.util.Arrays;

/**
 * A disk in memory with sectors of 512 bytes, that refuses what {@link BlockDevice} says must be
 * refused: a parser that can be led outside the disk shows by an {@link IllegalArgumentException}.
 * Not thread-safe.
 */
public final class MemoryDevice implements BlockDevice {
  private static final int SECTOR_BYTES = 512;

  private final byte[] image;
  private int writes;

  /** A disk that holds {@code image}, which it takes over. */
  public MemoryDevice(byte[] image) {
    this.image = image;
  }

  /** The disk's bytes themselves. */
  public byte[] image() {
    return image;
  }

  /** Writes and zeroings so far. */
  public int writes() {
    return writes;
  }

  @Override
  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    requireSuitable(byteOffset, lengthBytes);
    buffer.bytes().put(at, image, (int) byteOffset, lengthBytes);
  }

  @Override
  public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
    requireSuitable(byteOffset, lengthBytes);
    writes++;
    buffer.bytes().get(at, image, (int) byteOffset, lengthBytes);
  }

  @Override
  public void flush() {}

  @Override
  public void zero(long byteOffset, long lengthBytes, boolean deallocate) {
    requireSuitable(byteOffset, lengthBytes);
    writes++;
    Arrays.fill(image, (int) byteOffset, (int) (byteOffset + lengthBytes), (byte) 0);
  }

  @Override
  public long sizeBytes() {
    return image.length;
  }

  @Override
  public int sectorSizeBytes() {
    return SECTOR_BYTES;
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public void close() {}

  private void requireSuitable(long byteOffset, long lengthBytes) {
    if (byteOffset < 0
        || lengthBytes < 0
        || byteOffset > image.length - lengthBytes
        || byteOffset % SECTOR_BYTES != 0
        || lengthBytes % SECTOR_BYTES != 0) {
      throw new IllegalArgumentException(
          "bytes " + byteOffset + " + " + lengthBytes + " of " + image.length);
    }
  }
}
