package io.remapfs.health;

import io.remapfs.engine.table.EntryVisitor;

/** Where the lists of bad blocks come from: the engine's table, or a test's. */
@FunctionalInterface
public interface BlockList {
  /** Shows every block that has an entry, in ascending order, weakly consistent. */
  void forEachEntry(EntryVisitor visitor);
}
