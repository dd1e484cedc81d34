package io.remapfs.engine.table;

import java.util.Arrays;

/**
 * Fills a table with many entries, in any order, for recovery.
 *
 * <p>{@link RemapTable#put} copies a region for each entry; for the millionth entry of a clustered
 * table that is some 16 KiB each. This collects up to {@value #BATCH_ENTRIES} entries, sorts them
 * where they are not sorted yet, and merges them into the table with one new array a region. Its
 * own memory is bounded (1.5 MiB) because a daemon's heap is small and fixed; a region on the edge
 * of two batches is merged twice.
 *
 * <p>Of several changes to a block the last one counts, as with {@code put} and {@code remove}. The
 * table shows changes only after {@link #finish}. Not thread-safe; while it is used it is the
 * table's one mutator.
 */
public final class TableLoader {
  /** Entries collected before they are merged into the table. */
  static final int BATCH_ENTRIES = 1 << 16;

  private static final int ORDER_BITS = 16;
  private static final int ORDER_MASK = BATCH_ENTRIES - 1;

  private final RemapTable table;
  private final long[] blocks = new long[BATCH_ENTRIES];
  private final long[] targets = new long[BATCH_ENTRIES];
  private final long[] order = new long[BATCH_ENTRIES];
  private int count;
  private boolean ascending = true;

  /** A loader of {@code table}, which may have entries already. */
  public TableLoader(RemapTable table) {
    this.table = table;
  }

  /** Inserts or replaces an entry; {@code target} is not HEALTHY. */
  public void put(long blockIndex, long target) {
    table.requireEntry(blockIndex, target);
    add(blockIndex, target);
  }

  /** Makes a block healthy; nothing happens where it has no entry. */
  public void remove(long blockIndex) {
    table.requireEntry(blockIndex, 0);
    add(blockIndex, Target.HEALTHY);
  }

  private void add(long blockIndex, long target) {
    if (count == BATCH_ENTRIES) {
      finish();
    }
    ascending &= count == 0 || blocks[count - 1] < blockIndex;
    blocks[count] = blockIndex;
    targets[count] = target;
    count++;
  }

  /** Merges what was collected into the table; the loader may be used on. */
  public void finish() {
    if (!ascending) {
      sort();
    }
    int from = 0;
    while (from < count) {
      int regionIndex = table.regionOf(blocks[from]);
      int to = from + 1;
      while (to < count && table.regionOf(blocks[to]) == regionIndex) {
        to++;
      }
      table.mergeRegion(regionIndex, blocks, targets, from, to);
      from = to;
    }
    count = 0;
    ascending = true;
  }

  /** Sorts by block; of equal blocks only the one that was added last stays. */
  private void sort() {
    // A block index has at most 41 bits, so both fit, and equal blocks stay in their order.
    for (int i = 0; i < count; i++) {
      order[i] = blocks[i] << ORDER_BITS | i;
    }
    Arrays.sort(order, 0, count);
    long[] sortedTargets = order;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      long blockIndex = order[i] >>> ORDER_BITS;
      long target = targets[(int) order[i] & ORDER_MASK];
      if (kept > 0 && blocks[kept - 1] == blockIndex) {
        kept--;
      }
      blocks[kept] = blockIndex;
      sortedTargets[kept] = target; // behind the reader: kept <= i
      kept++;
    }
    System.arraycopy(sortedTargets, 0, targets, 0, kept);
    count = kept;
  }
}
