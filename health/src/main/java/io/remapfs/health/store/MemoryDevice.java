package io.remapfs.health.store;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.posix.Errno;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for a health file that is not to be, cannot be made, or may only be read: what is
 * written stays in memory, the rest is zeros or what the file below has.
 *
 * <p>Invariant: at most {@value #MAX_SECTORS} sectors are kept; a write beyond them fails as on a
 * full disk. Thread-safe.
 */
final class MemoryDevice implements BlockDevice {
  private static final int SECTOR_BYTES = 512;

  /** 6 MiB: the fixed part and as many records as a disk gathers that can still be used. */
  static final int MAX_SECTORS = 12 << 10;

  private final String name;
  private final long sizeBytes;
  private final @Nullable BlockDevice below;

  // Guarded by this.
  private final TreeMap<Long, byte[]> sectors = new TreeMap<>();

  /** Of zeros, or over a device that is read and never written; closing closes it too. */
  MemoryDevice(String name, long sizeBytes, @Nullable BlockDevice below) {
    this.name = name;
    this.sizeBytes = sizeBytes;
    this.below = below;
  }

  @Override
  public synchronized void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    require(byteOffset, lengthBytes);
    if (below != null) {
      below.read(byteOffset, buffer, at, lengthBytes);
    } else {
      buffer.bytes().put(at, new byte[lengthBytes]);
    }
    sectors
        .subMap(byteOffset, byteOffset + lengthBytes)
        .forEach((place, bytes) -> buffer.bytes().put(at + (int) (place - byteOffset), bytes));
  }

  @Override
  public synchronized void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    require(byteOffset, lengthBytes);
    for (int done = 0; done < lengthBytes; done += SECTOR_BYTES) {
      long place = byteOffset + done;
      byte[] bytes = sectors.get(place);
      if (bytes == null) {
        if (sectors.size() == MAX_SECTORS) {
          throw new TransportErrorException(
              name + " is full", Errno.ENOSPC, byteOffset, lengthBytes);
        }
        bytes = new byte[SECTOR_BYTES];
        sectors.put(place, bytes);
      }
      buffer.bytes().get(at + done, bytes);
    }
  }

  @Override
  public void flush() {}

  @Override
  public void zero(long byteOffset, long lengthBytes, boolean deallocate)
      throws BlockDeviceException {
    write(byteOffset, IoBuffer.allocate((int) lengthBytes), 0, (int) lengthBytes);
  }

  @Override
  public synchronized long dataFrom(long byteOffset) {
    Long here = sectors.ceilingKey(byteOffset / SECTOR_BYTES * SECTOR_BYTES);
    long inMemory = here == null ? sizeBytes : Math.max(here, byteOffset);
    return below == null ? inMemory : Math.min(inMemory, below.dataFrom(byteOffset));
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public int sectorSizeBytes() {
    return SECTOR_BYTES;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void close() {
    if (below != null) {
      below.close();
    }
  }

  private void require(long byteOffset, long lengthBytes) {
    if (byteOffset < 0
        || lengthBytes <= 0
        || byteOffset > sizeBytes - lengthBytes
        || ((byteOffset | lengthBytes) & (SECTOR_BYTES - 1)) != 0) {
      throw new IllegalArgumentException(lengthBytes + " bytes at " + byteOffset + " of " + name);
    }
  }
}
