package io.remapfs.health.surface;

import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.Target;
import java.time.Duration;
import java.util.Arrays;

/**
 * Gathers what is known of a disk into the cells of a {@link Surface}. Its memory does not depend
 * on the disk: some 300 KiB at most. Not thread-safe.
 *
 * <p>Invariant: {@code recent[i] + old[i]} is never more than the blocks of cell i.
 */
public final class SurfaceBuilder implements EntryVisitor {
  /**
   * A scan is "recent" for two weeks: with the default interval of a week, a place that is older
   * has been left out by at least one scan.
   */
  public static final Duration RECENT = Duration.ofDays(14);

  private final long blockCount;
  private final long blocksPerCell;
  private final CellState[] raised;
  private final long[] lost;
  private final long[] moved;
  private final long[] recent;
  private final long[] old;

  /**
   * For one disk.
   *
   * @param blockCount at least 1
   */
  public SurfaceBuilder(long blockCount) {
    this.blockCount = blockCount;
    this.blocksPerCell = Surface.blocksPerCell(blockCount);
    int cells = (int) Surface.cellCount(blockCount, blocksPerCell);
    raised = new CellState[cells];
    Arrays.fill(raised, CellState.SCANNED);
    lost = new long[cells];
    moved = new long[cells];
    recent = new long[cells];
    old = new long[cells];
  }

  /** An entry of the remap table. */
  @Override
  public void visit(long blockIndex, long target) {
    if (blockIndex < 0 || blockIndex >= blockCount) {
      return;
    }
    long[] counts = Target.isPending(target) ? lost : moved;
    counts[(int) (blockIndex / blocksPerCell)]++;
  }

  /**
   * Something is known of a region as a whole, but not where in it. Squares finer than the region
   * are left alone: one bad block would colour hundreds of them, and hide what is known of those.
   */
  public void raiseRegion(long firstBlock, long count, CellState state) {
    if (count <= blocksPerCell) {
      raise(firstBlock, count, state);
    }
  }

  /** Something is known of some blocks; what is known to be worse stays. */
  public void raise(long firstBlock, long count, CellState state) {
    if (state == CellState.LOST || state == CellState.MOVED) {
      throw new IllegalArgumentException("only the remap table knows what is " + state);
    }
    long first = Math.max(0, firstBlock);
    long end = Math.min(blockCount, firstBlock + count);
    if (first >= end) {
      return;
    }
    int last = (int) ((end - 1) / blocksPerCell);
    for (int cell = (int) (first / blocksPerCell); cell <= last; cell++) {
      raised[cell] = CellState.worse(raised[cell], state);
    }
  }

  /**
   * A scan has read some blocks. The ranges of all calls must not overlap.
   *
   * @param isRecent whether it is not longer ago than {@link #RECENT}
   */
  public void scanned(long firstBlock, long count, boolean isRecent) {
    long[] covered = isRecent ? recent : old;
    long end = Math.min(blockCount, firstBlock + count);
    for (long at = Math.max(0, firstBlock); at < end; ) {
      int cell = (int) (at / blocksPerCell);
      long next = Math.min(end, (cell + 1L) * blocksPerCell);
      covered[cell] += next - at;
      at = next;
    }
  }

  /** The surface as it is known now. */
  public Surface build() {
    CellState[] states = new CellState[raised.length];
    for (int cell = 0; cell < states.length; cell++) {
      states[cell] = state(cell);
    }
    return new Surface(blockCount, blocksPerCell, states, lost.clone(), moved.clone());
  }

  private CellState state(int cell) {
    if (lost[cell] > 0) {
      return CellState.LOST;
    }
    if (moved[cell] > 0) {
      return CellState.MOVED;
    }
    long blocks = Math.min(blockCount, (cell + 1L) * blocksPerCell) - cell * blocksPerCell;
    long covered = recent[cell] + old[cell];
    if (covered > blocks) {
      throw new IllegalStateException("cell " + cell + " was scanned twice");
    }
    CellState seen =
        covered < blocks
            ? CellState.NOT_SCANNED
            : old[cell] > 0 ? CellState.SCANNED_LONG_AGO : CellState.SCANNED;
    return CellState.worse(seen, raised[cell]);
  }
}
