package io.remapfs.health;

/** Ranges of blocks that have something in common. */
@FunctionalInterface
public interface BlockRangeList {
  /** Sees one range. */
  @FunctionalInterface
  interface Visitor {
    /** From {@code firstBlock} to {@code endBlock}, exclusive. */
    void visit(long firstBlock, long endBlock);
  }

  /** Shows every range, in ascending order; they neither touch nor overlap. */
  void forEachRange(Visitor visitor);

  /** All of an image. */
  static BlockRangeList all(long blockCount) {
    return visitor -> visitor.visit(0, blockCount);
  }
}
