package io.remapfs.health.blame;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The readable bytes of a disk, or of a part of it. What is known to be lost is not read again: the
 * disk would try once more each time, and a failing disk has better things to do. Not thread-safe.
 */
public final class DiskBytes {
  /** Reads from the disk. */
  @FunctionalInterface
  public interface Source {
    /**
     * Fills {@code into} from {@code byteOffset} on.
     *
     * @throws IOException if any of it cannot be read
     */
    void read(long byteOffset, ByteBuffer into) throws IOException;
  }

  /** Raised where the time is up; what was found until then holds. */
  static final class TimeIsUp extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final Source source;
  private final long startByte;
  private final long sizeBytes;
  private final long[] lostBlocks; // ascending
  private final int lostBlockBytes;
  private final long deadlineNanos;

  private DiskBytes(
      Source source,
      long startByte,
      long sizeBytes,
      long[] lostBlocks,
      int lostBlockBytes,
      long deadlineNanos) {
    this.source = source;
    this.startByte = startByte;
    this.sizeBytes = sizeBytes;
    this.lostBlocks = lostBlocks;
    this.lostBlockBytes = lostBlockBytes;
    this.deadlineNanos = deadlineNanos;
  }

  /**
   * A whole disk.
   *
   * @param lostBlocks the blocks that are not to be read, in any order
   * @param lostBlockBytes the unit of these
   * @param limitNanos how long all reading together may take
   */
  public static DiskBytes of(
      Source source, long sizeBytes, long[] lostBlocks, int lostBlockBytes, long limitNanos) {
    long[] sorted = lostBlocks.clone();
    Arrays.sort(sorted);
    return new DiskBytes(
        source, 0, sizeBytes, sorted, lostBlockBytes, System.nanoTime() + limitNanos);
  }

  /** A part of it, whose first byte is 0; clipped to what there is. */
  DiskBytes part(long byteOffset, long lengthBytes) {
    long from = Math.min(Math.max(byteOffset, 0), sizeBytes);
    long length = Math.min(Math.max(lengthBytes, 0), sizeBytes - from);
    return new DiskBytes(
        source, startByte + from, length, lostBlocks, lostBlockBytes, deadlineNanos);
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /** Where on the whole disk this part begins. */
  long startByte() {
    return startByte;
  }

  /** These bytes; null if any of them cannot be read, or lies outside. */
  @Nullable ByteBuffer read(long byteOffset, int lengthBytes) {
    if (byteOffset < 0 || lengthBytes < 0 || byteOffset > sizeBytes - lengthBytes) {
      return null;
    }
    if (System.nanoTime() - deadlineNanos > 0) {
      throw new TimeIsUp();
    }
    if (isLost(startByte + byteOffset, lengthBytes)) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
    try {
      source.read(startByte + byteOffset, bytes);
    } catch (IOException e) {
      return null; // Found bad just now: no different from what was known to be.
    }
    return bytes.rewind();
  }

  private boolean isLost(long from, int lengthBytes) {
    int at = Arrays.binarySearch(lostBlocks, from / lostBlockBytes);
    int next = at >= 0 ? at : -at - 1;
    return next < lostBlocks.length
        && lengthBytes > 0
        && lostBlocks[next] <= (from + lengthBytes - 1) / lostBlockBytes;
  }
}
