package io.remapfs.engine.device;

import com.kenai.jffi.MemoryIO;
import io.remapfs.engine.posix.LibC;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A page-aligned piece of native memory that carries the bytes of one I/O.
 *
 * <p>It exists so that the I/O path can hand a plain address to {@code pread(2)} without allocating
 * an object per request, while in-memory devices of the tests reach the same bytes through {@link
 * #bytes()}. Aligned to {@value #ALIGNMENT_BYTES} bytes, because O_DIRECT asks for an address
 * aligned to the device's logical sector.
 *
 * <p>Not thread-safe: one request owns it at a time. The memory lives as long as the object.
 */
public final class IoBuffer {
  /**
   * The alignment of {@link #address()}, in bytes; a page, so that any sector size is satisfied.
   */
  public static final int ALIGNMENT_BYTES = 4096;

  // asm-generic/mman-common.h
  private static final int MADV_NOHUGEPAGE = 15;

  /** As MADV_DONTNEED, for locked memory too; Linux 5.18. */
  private static final int MADV_DONTNEED_LOCKED = 24;

  private final ByteBuffer bytes;
  private final long address;

  private IoBuffer(ByteBuffer bytes) {
    this.bytes = bytes;
    this.address = Pointer.wrap(Runtime.getSystemRuntime(), bytes).address();
    if (address % ALIGNMENT_BYTES != 0) {
      throw new IllegalStateException("the JDK returned memory that is not page-aligned");
    }
  }

  /**
   * Allocates a zeroed buffer.
   *
   * @param capacityBytes its size in bytes, greater than 0
   */
  public static IoBuffer allocate(int capacityBytes) {
    int rounded = (capacityBytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    ByteBuffer aligned =
        ByteBuffer.allocateDirect(rounded + ALIGNMENT_BYTES).alignedSlice(ALIGNMENT_BYTES);
    return new IoBuffer(aligned.slice(0, capacityBytes));
  }

  /**
   * Sets room aside for a zeroed buffer whose pages take memory only once they are written.
   *
   * @param capacityBytes its size in bytes, greater than 0
   */
  public static IoBuffer reserve(int capacityBytes) {
    MemoryIO memory = MemoryIO.getInstance();
    int withSlack = capacityBytes + 2 * ALIGNMENT_BYTES; // No page is shared with others.
    long block = memory.allocateMemory(withSlack, false); // (Java's own would be written at once.)
    if (block == 0) {
      throw new OutOfMemoryError("the C library has no " + withSlack + " bytes");
    }
    ByteBuffer whole = memory.newDirectByteBuffer(block, withSlack);
    Reserved.CLEANER.register(
        whole, () -> memory.freeMemory(block)); // Slices keep the whole alive.
    IoBuffer buffer = new IoBuffer(whole.alignedSlice(ALIGNMENT_BYTES).slice(0, capacityBytes));
    buffer.release(0, capacityBytes);
    return buffer;
  }

  /** Made by the first reservation, since it has a thread. */
  private static final class Reserved {
    static final Cleaner CLEANER = Cleaner.create();
  }

  /** Has the pages of a range take their memory now; what they hold stays. */
  public void touch(int fromByte, int toByte) {
    for (int at = fromByte & -ALIGNMENT_BYTES; at < toByte; at += ALIGNMENT_BYTES) {
      bytes.put(at, bytes.get(at));
    }
  }

  /**
   * Gives the whole pages of a range back to the system: they read as zeros, and take memory again
   * when they are next written. An older kernel than 5.18 takes none, which only costs memory.
   *
   * @param fromByte the first byte, not negative
   * @param toByte behind the last, at most the capacity
   */
  public void release(int fromByte, int toByte) {
    long from = (address + fromByte + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    long to = (address + toByte) & -ALIGNMENT_BYTES;
    if (from < to) {
      // Else the first write of a byte could take 2 MiB. Where there are none, that is refused.
      LibC.INSTANCE.madvise(from, to - from, MADV_NOHUGEPAGE);
      LibC.INSTANCE.madvise(from, to - from, MADV_DONTNEED_LOCKED);
    }
  }

  /** The native address of byte 0. */
  public long address() {
    return address;
  }

  /** The size in bytes. */
  public int capacityBytes() {
    return bytes.capacity();
  }

  /**
   * The same memory as a buffer (big-endian unless the caller orders otherwise on a duplicate). Use
   * absolute accesses only: its position and limit are nobody's.
   */
  public ByteBuffer bytes() {
    return bytes;
  }
}
