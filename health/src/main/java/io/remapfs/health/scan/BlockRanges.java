package io.remapfs.health.scan;

import java.nio.ByteBuffer;

/**
 * A set of blocks as few sorted ranges. Where more ranges are wanted than there is room for, the
 * set becomes larger or smaller than asked, as was chosen: never both.
 *
 * <p>Invariants: ranges are not empty, ascend, and do not touch; there are at most {@code
 * capacity}. Not thread-safe. Allocates at construction only.
 */
final class BlockRanges {
  /** What to do with one range too many. */
  enum Overflow {
    /** The narrowest gap is closed: the set may hold blocks that were not added, and lacks none. */
    GROW,
    /**
     * The smallest range is dropped: the set may lack blocks, and holds none that was not added.
     */
    SHRINK
  }

  private final int capacity;
  private final Overflow overflow;
  private final long[] starts;
  private final long[] ends;
  private int count;

  BlockRanges(int capacity, Overflow overflow) {
    this.capacity = capacity;
    this.overflow = overflow;
    this.starts = new long[capacity + 1];
    this.ends = new long[capacity + 1];
  }

  /** Bytes that {@link #putTo} writes at most. */
  static int maxBytes(int capacity) {
    return Integer.BYTES + capacity * 2 * Long.BYTES;
  }

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  long start(int index) {
    return starts[index];
  }

  long end(int index) {
    return ends[index];
  }

  /** The blocks of all ranges together. */
  long blocks() {
    long blocks = 0;
    for (int i = 0; i < count; i++) {
      blocks += ends[i] - starts[i];
    }
    return blocks;
  }

  boolean contains(long block) {
    int at = firstEndingAfter(block);
    return at < count && starts[at] <= block;
  }

  void clear() {
    count = 0;
  }

  /** Adds the blocks from {@code from} to {@code to}, exclusive. */
  void add(long from, long to) {
    if (from >= to) {
      return;
    }
    int first = firstEndingAfter(from - 1); // one that touches counts as well
    int last = first;
    long start = from;
    long end = to;
    while (last < count && starts[last] <= to) {
      start = Math.min(start, starts[last]);
      end = Math.max(end, ends[last]);
      last++;
    }
    replace(first, last, start, end);
    makeRoom();
  }

  /** Takes the blocks from {@code from} to {@code to}, exclusive, out. */
  void remove(long from, long to) {
    if (from >= to) {
      return;
    }
    int at = firstEndingAfter(from);
    while (at < count && starts[at] < to) {
      long start = starts[at];
      long end = ends[at];
      if (start < from && to < end) {
        ends[at] = from;
        insert(at + 1, to, end);
        makeRoom();
        return;
      }
      if (start < from) {
        ends[at] = from;
        at++;
      } else if (to < end) {
        starts[at] = to;
        return;
      } else {
        delete(at);
      }
    }
  }

  /** Takes the ranges of another set out. */
  void removeAll(BlockRanges other) {
    for (int i = 0; i < other.count; i++) {
      remove(other.starts[i], other.ends[i]);
    }
  }

  private int firstEndingAfter(long block) {
    int at = 0;
    while (at < count && ends[at] <= block) {
      at++;
    }
    return at;
  }

  /** Puts one range in the place of those from {@code first} to {@code last}, exclusive. */
  private void replace(int first, int last, long start, long end) {
    if (first == last) {
      insert(first, start, end);
      return;
    }
    starts[first] = start;
    ends[first] = end;
    System.arraycopy(starts, last, starts, first + 1, count - last);
    System.arraycopy(ends, last, ends, first + 1, count - last);
    count -= last - first - 1;
  }

  private void insert(int at, long start, long end) {
    System.arraycopy(starts, at, starts, at + 1, count - at);
    System.arraycopy(ends, at, ends, at + 1, count - at);
    starts[at] = start;
    ends[at] = end;
    count++;
  }

  private void delete(int at) {
    count--;
    System.arraycopy(starts, at + 1, starts, at, count - at);
    System.arraycopy(ends, at + 1, ends, at, count - at);
  }

  private void makeRoom() {
    if (count <= capacity) {
      return;
    }
    int at = 0;
    for (int i = 1; i < count; i++) {
      boolean better =
          overflow == Overflow.SHRINK
              ? ends[i] - starts[i] < ends[at] - starts[at]
              : i + 1 < count && starts[i + 1] - ends[i] < starts[at + 1] - ends[at];
      at = better ? i : at;
    }
    if (overflow == Overflow.GROW) {
      ends[at] = ends[at + 1];
      delete(at + 1);
    } else {
      delete(at);
    }
  }

  /** Start and end of each range, in ascending order. */
  long[] toArray() {
    long[] all = new long[2 * count];
    for (int i = 0; i < count; i++) {
      all[2 * i] = starts[i];
      all[2 * i + 1] = ends[i];
    }
    return all;
  }

  void putTo(ByteBuffer bytes) {
    bytes.putInt(count);
    for (int i = 0; i < count; i++) {
      bytes.putLong(starts[i]).putLong(ends[i]);
    }
  }

  /**
   * Reads what {@link #putTo} wrote.
   *
   * @throws IllegalArgumentException if that cannot be it
   * @throws java.nio.BufferUnderflowException if it is cut short
   */
  void readFrom(ByteBuffer bytes, long blockCount) {
    int ranges = bytes.getInt();
    if (ranges < 0 || ranges > capacity) {
      throw new IllegalArgumentException(ranges + " ranges");
    }
    clear();
    for (long before = -1; count < ranges; before = ends[count - 1]) {
      long start = bytes.getLong();
      long end = bytes.getLong();
      if (start <= before || end <= start || end > blockCount) {
        throw new IllegalArgumentException("no range: " + start + " to " + end);
      }
      starts[count] = start;
      ends[count] = end;
      count++;
    }
  }
}
