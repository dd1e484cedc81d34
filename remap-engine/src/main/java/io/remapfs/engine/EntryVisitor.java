package io.remapfs.engine;

/** Receives the entries of the remap table, in ascending order of their blocks. */
@FunctionalInterface
public interface EntryVisitor {
  /**
   * One block that is not healthy.
   *
   * @param blockIndex the block, from 0
   * @param target where its newest contents are; see {@link io.remapfs.engine.table.Target}
   */
  void visit(long blockIndex, long target);
}
