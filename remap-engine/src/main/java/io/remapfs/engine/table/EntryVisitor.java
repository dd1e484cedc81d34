package io.remapfs.engine.table;

/** Receives the entries of the remap table, in ascending order of their blocks. */
@FunctionalInterface
public interface EntryVisitor {
  /**
   * One block that is not healthy.
   *
   * @param blockIndex the block, from 0
   * @param target where its newest contents are; see {@link Target}
   */
  void visit(long blockIndex, long target);
}
