package io.remapfs.engine.table;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The blocks that are not healthy, and where their contents are.
 *
 * <p><b>How it works.</b> The disk is cut into regions of a power of two of blocks. A directory
 * holds one reference a region: null while all its blocks are healthy (so the usual look-up is one
 * load and one comparison), else a sorted {@code long[]}, one element an entry:
 *
 * <pre>
 *   bit 63          40 39                                   0
 *      +--------------+--------------------------------------+
 *      | block within | target (see Target)                  |
 *      | its region   |                                      |
 *      +--------------+--------------------------------------+
 * </pre>
 *
 * <p>A change copies the region's array, changes the copy and publishes it with a release store; a
 * reader takes it with an acquire load and then sees an array that never changes. A reader on the
 * old array is harmless, because a slot is never reused while mounted.
 *
 * <p><b>Invariants.</b> (1) One mutator at a time: the metadata store, under its lock, after the
 * change is durable. (2) A published array is never empty, never written again, and strictly
 * ascending. (3) {@link #remappedCount()} plus {@link #pendingCount()} is the number of entries.
 *
 * <p><b>Cost.</b> 8 bytes an entry, 16 for each region that has one, 4 for each region. With at
 * most {@value #MAX_REGIONS} regions, a million entries scattered at random cost below 14 bytes
 * each; clustered ones cost 8. An insertion copies one region: at most 8 bytes a block of it.
 *
 * <p>Thread-safe for any number of readers beside the one mutator; look-ups are wait-free and do
 * not allocate.
 */
public final class RemapTable {
  /** The most blocks of an image. */
  public static final long MAX_BLOCKS = 1L << 41;

  private static final int MIN_REGION_SHIFT = 12;
  private static final int MAX_REGION_SHIFT = 23;
  private static final int MAX_REGIONS = 1 << 18;

  /** In the answer of {@link #run}: the bits that count blocks. */
  private static final int RUN_LENGTH_BITS = 22;

  /** Entries that a look-up counts through where it guesses its block to be: a cache line. */
  private static final int WINDOW = 8;

  /**
   * Up to so many entries the first guess does. Its error is that of a sample: at random the
   * standard deviation is at most half the root of the number of entries, 3 here.
   */
  private static final int ONE_GUESS = 4 * WINDOW;

  /** Entries that a search goes on by at first: half a cache line. */
  private static final int FIRST_STEP = 4;

  private static final long RUN_LENGTH_MASK = (1L << RUN_LENGTH_BITS) - 1;
  private static final long TARGET_MASK = (1L << Target.BITS) - 1;

  private final long blockCount;
  private final int regionShift;
  private final long regionMask;
  private final AtomicReferenceArray<long @Nullable []> directory;

  // Written by the mutator only; read by anyone for status.
  private volatile long remappedCount;
  private volatile long pendingCount;

  /**
   * An empty table: every block healthy.
   *
   * @param blockCount blocks of the image, 1 to 2^41
   */
  public RemapTable(long blockCount) {
    if (blockCount < 1 || blockCount > MAX_BLOCKS) {
      throw new IllegalArgumentException("block count " + blockCount + " is out of range");
    }
    int shift = MIN_REGION_SHIFT;
    while (((blockCount - 1) >>> shift) >= MAX_REGIONS && shift < MAX_REGION_SHIFT) {
      shift++;
    }
    this.blockCount = blockCount;
    this.regionShift = shift;
    this.regionMask = (1L << shift) - 1;
    this.directory = new AtomicReferenceArray<>((int) ((blockCount - 1) >>> shift) + 1);
  }

  /** The blocks of the image. */
  public long blockCount() {
    return blockCount;
  }

  /** Where block {@code blockIndex} is: {@link Target#HEALTHY}, or a remapped or pending target. */
  public long targetOf(long blockIndex) {
    long[] region = directory.getAcquire((int) (blockIndex >>> regionShift));
    if (region == null) {
      return Target.HEALTHY;
    }
    int at = indexOf(region, blockIndex & regionMask);
    return at < 0 ? Target.HEALTHY : region[at] & TARGET_MASK;
  }

  /**
   * Whether all of a range of blocks is healthy; the fast path's only question.
   *
   * @param blocks at least 1
   */
  public boolean isHealthy(long firstBlock, long blocks) {
    long lastBlock = firstBlock + blocks - 1;
    int lastRegion = (int) (lastBlock >>> regionShift);
    for (int r = (int) (firstBlock >>> regionShift); r <= lastRegion; r++) {
      long[] region = directory.getAcquire(r);
      if (region != null) {
        long base = (long) r << regionShift;
        int at = lowerBound(region, Math.max(firstBlock, base) - base);
        if (at < region.length && base + (region[at] >>> Target.BITS) <= lastBlock) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * The longest run of blocks from {@code firstBlock} on which are all healthy, all pending, or all
   * remapped to slots that follow each other. Ask the answer with {@link #runTarget} and {@link
   * #runLength}; a run ends at a region's end at the latest.
   *
   * @param maxBlocks where to stop, at least 1
   */
  public long run(long firstBlock, long maxBlocks) {
    int regionIndex = (int) (firstBlock >>> regionShift);
    long inRegion = firstBlock & regionMask;
    long limit = Math.min(Math.min(maxBlocks, regionMask + 1 - inRegion), RUN_LENGTH_MASK);
    long[] region = directory.getAcquire(regionIndex);
    if (region == null) {
      return packRun(Target.HEALTHY, limit);
    }
    int at = lowerBound(region, inRegion);
    long next = at < region.length ? region[at] >>> Target.BITS : Long.MAX_VALUE;
    if (next != inRegion) {
      return packRun(Target.HEALTHY, Math.min(limit, next - inRegion));
    }
    long target = region[at] & TARGET_MASK;
    boolean pending = Target.isPending(target);
    int length = 1;
    while (length < limit
        && at + length < region.length
        && (pending
            ? isPendingEntry(region[at + length], inRegion + length)
            : region[at + length] == entry(inRegion + length, target + length))) {
      length++;
    }
    return packRun(target, length);
  }

  /** The target of a run's first block. */
  public static long runTarget(long run) {
    return run >> RUN_LENGTH_BITS;
  }

  /** The blocks of a run, at least 1. */
  public static int runLength(long run) {
    return (int) (run & RUN_LENGTH_MASK);
  }

  /**
   * Inserts or replaces an entry. For the one mutator; {@code target} is not HEALTHY. For many at
   * once there is {@link TableLoader}.
   */
  public void put(long blockIndex, long target) {
    requireEntry(blockIndex, target);
    int regionIndex = regionOf(blockIndex);
    long key = blockIndex & regionMask;
    long[] old = directory.getPlain(regionIndex);
    if (old == null) {
      directory.setRelease(regionIndex, new long[] {entry(key, target)});
      count(Target.HEALTHY, target);
      return;
    }
    int at = lowerBound(old, key);
    long[] changed;
    if (at < old.length && old[at] >>> Target.BITS == key) {
      count(old[at] & TARGET_MASK, target);
      changed = old.clone();
    } else {
      count(Target.HEALTHY, target);
      changed = new long[old.length + 1];
      System.arraycopy(old, 0, changed, 0, at);
      System.arraycopy(old, at, changed, at + 1, old.length - at);
    }
    changed[at] = entry(key, target);
    directory.setRelease(regionIndex, changed);
  }

  /** Makes a block healthy again. For the one mutator; nothing happens where it has no entry. */
  public void remove(long blockIndex) {
    int regionIndex = (int) (blockIndex >>> regionShift);
    long[] old = directory.getPlain(regionIndex);
    int at = old == null ? -1 : indexOf(old, blockIndex & regionMask);
    if (old == null || at < 0) {
      return;
    }
    count(old[at] & TARGET_MASK, Target.HEALTHY);
    if (old.length == 1) {
      directory.setRelease(regionIndex, null);
      return;
    }
    long[] changed = Arrays.copyOf(old, old.length - 1);
    System.arraycopy(old, at + 1, changed, at, changed.length - at);
    directory.setRelease(regionIndex, changed);
  }

  /** The region of a block. */
  int regionOf(long blockIndex) {
    return (int) (blockIndex >>> regionShift);
  }

  /**
   * Changes many entries of one region with one new array; for {@link TableLoader}.
   *
   * @param blocks strictly ascending from {@code from} to {@code to}, all of this region
   * @param targets what becomes of them; {@link Target#HEALTHY} removes
   */
  void mergeRegion(int regionIndex, long[] blocks, long[] targets, int from, int to) {
    long[] old = directory.getPlain(regionIndex);
    int oldLength = old == null ? 0 : old.length;
    long[] merged = new long[oldLength + to - from];
    int length = 0;
    int at = 0;
    for (int i = from; i < to; i++) {
      long key = blocks[i] & regionMask;
      while (old != null && at < oldLength && old[at] >>> Target.BITS < key) {
        merged[length++] = old[at++];
      }
      long before = Target.HEALTHY;
      if (old != null && at < oldLength && old[at] >>> Target.BITS == key) {
        before = old[at++] & TARGET_MASK;
      }
      count(before, targets[i]);
      if (targets[i] != Target.HEALTHY) {
        merged[length++] = entry(key, targets[i]);
      }
    }
    if (old != null) {
      System.arraycopy(old, at, merged, length, oldLength - at);
      length += oldLength - at;
    }
    long[] exact = length == merged.length ? merged : Arrays.copyOf(merged, length);
    directory.setRelease(regionIndex, length == 0 ? null : exact);
  }

  /** Throws {@link IllegalArgumentException} for an entry that cannot be. */
  void requireEntry(long blockIndex, long target) {
    if (blockIndex < 0 || blockIndex >= blockCount || target < 0 || target > TARGET_MASK) {
      throw new IllegalArgumentException("entry " + blockIndex + " -> " + target);
    }
  }

  /** Visits every entry in ascending order; changes made meanwhile may or may not be seen. */
  public void forEach(EntryVisitor visitor) {
    for (int r = 0; r < directory.length(); r++) {
      long[] region = directory.getAcquire(r);
      if (region != null) {
        long base = (long) r << regionShift;
        for (long e : region) {
          visitor.visit(base + (e >>> Target.BITS), e & TARGET_MASK);
        }
      }
    }
  }

  /** Blocks whose contents are in a slot. */
  public long remappedCount() {
    return remappedCount;
  }

  /** Blocks whose contents are lost until rewritten. */
  public long pendingCount() {
    return pendingCount;
  }

  /**
   * The heap that the table takes: 8 bytes an entry, 16 bytes of header an array, and a reference
   * of 4 bytes (heaps below 32 GiB) a region. Counted, not measured; walks the directory.
   */
  public long heapBytes() {
    long bytes = 16 + 4L * directory.length();
    for (int r = 0; r < directory.length(); r++) {
      long[] region = directory.getAcquire(r);
      bytes += region == null ? 0 : 16 + 8L * region.length;
    }
    return bytes;
  }

  // The volatiles have one writer, so a read-modify-write on them loses nothing.
  @SuppressWarnings("NonAtomicVolatileUpdate")
  private void count(long before, long after) {
    remappedCount += (Target.isRemapped(after) ? 1 : 0) - (Target.isRemapped(before) ? 1 : 0);
    pendingCount += (Target.isPending(after) ? 1 : 0) - (Target.isPending(before) ? 1 : 0);
  }

  private static long entry(long key, long target) {
    return (key << Target.BITS) | target;
  }

  private static boolean isPendingEntry(long entry, long key) {
    return entry >>> Target.BITS == key && Target.isPending(entry & TARGET_MASK);
  }

  private static long packRun(long target, long length) {
    return (target << RUN_LENGTH_BITS) | length;
  }

  private int indexOf(long[] region, long key) {
    int at = lowerBound(region, key);
    return at < region.length && region[at] >>> Target.BITS == key ? at : -1;
  }

  /**
   * The index of the first entry at or after {@code key}, of 0 to 2^23 - 1.
   *
   * <p>Guesses where the key would be if the entries were spread evenly over the region and, where
   * they are many, looks how far that entry's key is off and guesses again from there. In a region
   * of which any part is bad at random the place is then nearly always among {@value #WINDOW}
   * entries, in one or two cache lines. Those are counted without a branch: one that goes either
   * way at random costs as much as such a line. Where the spread is not even, {@link #searchFrom}
   * goes on.
   */
  private int lowerBound(long[] region, long key) {
    int length = region.length;
    // An entry at or after the key is no less, whatever its target.
    long least = entry(key, 0);
    int guess = (int) ((key * length) >>> regionShift);
    if (length < WINDOW) {
      return searchFrom(guess, region, least);
    }
    if (length > ONE_GUESS) {
      long off = key - (region[guess] >>> Target.BITS);
      if (off == 0) {
        return guess;
      }
      guess += (int) ((off * length) >> regionShift);
    }
    int from = Math.max(0, Math.min(guess - WINDOW / 2, length - WINDOW));
    int less = 0;
    for (int i = 0; i < WINDOW; i++) {
      less += (int) ((region[from + i] - least) >>> 63);
    }
    if (less == 0 && from > 0) {
      return searchFrom(from, region, least);
    }
    if (less == WINDOW && from + WINDOW < length) {
      return searchFrom(from + WINDOW, region, least);
    }
    return from + less;
  }

  /**
   * The index of the first entry that is not less than {@code least}, from a place on in growing
   * steps, then by halving what is left; at the worst, halving from the start at twice the steps.
   */
  private static int searchFrom(int place, long[] region, long least) {
    // All entries before low are less; none from high on is.
    int low = 0;
    int high = region.length;
    if (region[place] < least) {
      low = place + 1;
      for (int step = FIRST_STEP; step < high - low; step <<= 1) {
        if (region[low + step] >= least) {
          high = low + step;
        } else {
          low += step + 1;
        }
      }
    } else {
      high = place;
      for (int step = FIRST_STEP; step < high - low; step <<= 1) {
        if (region[high - step] < least) {
          low = high - step + 1;
        } else {
          high -= step;
        }
      }
    }
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (region[middle] < least) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
