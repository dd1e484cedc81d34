package io.remapfs.health.surface;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The whole disk as a row of cells, each standing for as many blocks as every other one (the last
 * may have fewer). Immutable.
 *
 * <p>Invariants: the cells cover every block once; {@code lost(i) > 0} exactly where the state is
 * LOST; {@code moved(i) > 0} only where the state is MOVED or LOST.
 */
public final class Surface {
  /** The most cells of a surface; a terminal or a page cannot show more. */
  public static final int MAX_CELLS = 8192;

  private final long blockCount;
  private final long blocksPerCell;
  private final CellState[] states;
  private final long[] lost;
  private final long[] moved;

  /** Takes the arrays over. */
  Surface(long blockCount, long blocksPerCell, CellState[] states, long[] lost, long[] moved) {
    if (states.length != cellCount(blockCount, blocksPerCell)) {
      throw new IllegalStateException(states.length + " cells do not cover the disk once");
    }
    for (int cell = 0; cell < states.length; cell++) {
      boolean sound =
          lost[cell] > 0
              ? states[cell] == CellState.LOST
              : states[cell] != CellState.LOST
                  && (moved[cell] > 0) == (states[cell] == CellState.MOVED);
      if (!sound) {
        throw new IllegalStateException(
            "cell " + cell + " is " + states[cell] + " with " + lost[cell] + " lost blocks");
      }
    }
    this.blockCount = blockCount;
    this.blocksPerCell = blocksPerCell;
    this.states = states;
    this.lost = lost;
    this.moved = moved;
  }

  /** How many cells a disk has. */
  static long cellCount(long blockCount, long blocksPerCell) {
    return (blockCount - 1) / blocksPerCell + 1;
  }

  /** The fewest blocks a cell may stand for, so that {@link #MAX_CELLS} suffice. */
  static long blocksPerCell(long blockCount) {
    return (blockCount - 1) / MAX_CELLS + 1;
  }

  public int cells() {
    return states.length;
  }

  public long blockCount() {
    return blockCount;
  }

  public long blocksPerCell() {
    return blocksPerCell;
  }

  public CellState state(int cell) {
    return states[cell];
  }

  /** The lost blocks in a cell. */
  public long lost(int cell) {
    return lost[cell];
  }

  /** The blocks of a cell that live in the spare. */
  public long moved(int cell) {
    return moved[cell];
  }

  /** The first block of a cell; of {@code cells()}, the block count. */
  public long firstBlock(int cell) {
    return Math.min(blockCount, cell * blocksPerCell);
  }

  /** How many cells are in each state; every state has an entry. */
  public Map<CellState, Integer> census() {
    Map<CellState, Integer> census = new EnumMap<>(CellState.class);
    for (CellState each : CellState.values()) {
      census.put(each, 0);
    }
    for (CellState each : states) {
      census.merge(each, 1, Integer::sum);
    }
    return census;
  }

  /** One character a cell, in order. */
  public String codes() {
    StringBuilder text = new StringBuilder(states.length);
    for (CellState each : states) {
      text.append(each.code());
    }
    return text.toString();
  }

  /**
   * The same disk in fewer cells, for a smaller picture. Each cell of this one goes into exactly
   * one of the new, so that nothing bad is shown twice, and nothing is left out.
   *
   * @param most at least 1
   */
  public Grouped grouped(int most) {
    int count = Math.min(most, states.length);
    int[] firsts = new int[count + 1];
    for (int group = 0; group <= count; group++) {
      firsts[group] = (int) (((long) group * states.length + count - 1) / count);
    }
    return new Grouped(this, firsts);
  }

  /** Cells of a {@link Surface} put together. Immutable. */
  public static final class Grouped {
    private final Surface surface;
    private final int[] firsts;

    private Grouped(Surface surface, int[] firsts) {
      this.surface = surface;
      this.firsts = firsts;
    }

    public int cells() {
      return firsts.length - 1;
    }

    /** The worst state in a group. */
    public CellState state(int group) {
      CellState worst = surface.states[firsts[group]];
      for (int cell = firsts[group] + 1; cell < firsts[group + 1]; cell++) {
        worst = CellState.worse(worst, surface.states[cell]);
      }
      return worst;
    }

    public long lost(int group) {
      return sum(surface.lost, group);
    }

    public long moved(int group) {
      return sum(surface.moved, group);
    }

    private long sum(long[] counts, int group) {
      long sum = 0;
      for (int cell = firsts[group]; cell < firsts[group + 1]; cell++) {
        sum += counts[cell];
      }
      return sum;
    }

    /** The first block of a group; of {@code cells()}, the block count. */
    public long firstBlock(int group) {
      return surface.firstBlock(firsts[group]);
    }

    /** The most blocks that a group stands for. */
    public long blocksPerCell() {
      return firstBlock(1);
    }

    /** All states in order. */
    public List<CellState> states() {
      return IntStream.range(0, cells()).mapToObj(this::state).toList();
    }
  }
}
