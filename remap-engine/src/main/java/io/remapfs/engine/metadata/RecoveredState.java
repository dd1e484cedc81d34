package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** What recovery found: filled by {@link Recovery}, taken over by {@link MetadataStore}. */
final class RecoveredState {
  final SpareSet set;
  final Superblock superblock;
  final SpareLayout layout;
  final RemapTable table;
  final BitSet burnt;
  final Header checkpoint;

  /** The area that the checkpoint was read from, 0 or 1. */
  final int area;

  /** The greatest generation seen in any header, complete or not. */
  final long greatestGeneration;

  /** The last journal sequence that is contained in the state. */
  long lastSequence;

  long nextSlot;
  long nextTagSequence;
  long salvagedTotal;

  /** Metadata blocks of the head to overwrite after the state has been checkpointed afresh. */
  final List<DamagedBlock> toRepair = new ArrayList<>();

  /** A block outside the checkpoint areas that is not as it should be. */
  record DamagedBlock(int zone, long byteOffset, boolean isSuperblock) {}

  RecoveredState(
      SpareSet set,
      RemapTable table,
      BitSet burnt,
      Header checkpoint,
      int area,
      long greatestGeneration) {
    this.set = set;
    this.superblock = set.head().superblock();
    this.layout = set.head().layout();
    this.table = table;
    this.burnt = burnt;
    this.checkpoint = checkpoint;
    this.area = area;
    this.greatestGeneration = greatestGeneration;
    this.lastSequence = checkpoint.sequence();
    this.nextSlot = checkpoint.nextSlot();
    this.nextTagSequence = checkpoint.nextTagSequence();
    this.salvagedTotal = checkpoint.salvagedTotal();
  }
}
