package io.remapfs.engine.metadata;

import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.RecoveredState.DamagedBlock;
import io.remapfs.engine.spare.SpareLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a spare's superblocks anew. One copy at a time, with a flush between, so that a power cut
 * tears one copy at most; damaged ones first, so that good ones are not risked before there are
 * more. Whichever copies a crash leaves, the highest generation among them is in force.
 *
 * <p><b>Generations.</b> A rewrite takes the next one. An open that finds a copy damaged or behind
 * skips to the next multiple of 2^16: what was hidden on a copy that could not be read then is
 * lower, and never wins when that copy comes back.
 */
final class SuperblockWriter {
  private static final int REPAIR_SHIFT = 16;

  private SuperblockWriter() {}

  /** The generation of superblocks that repair what an open found at {@code generation}. */
  static long repairGeneration(long generation) {
    return ((generation >>> REPAIR_SHIFT) + 1) << REPAIR_SHIFT;
  }

  /**
   * Rewrites all healthy copies and makes each durable.
   *
   * @param superblock with its new generation
   * @param first the copies to begin with
   * @throws MetadataUnavailableException if no copy took it, or it is not certain to be durable
   */
  static void write(
      Zones zones, SpareLayout layout, Superblock superblock, List<DamagedBlock> first)
      throws MetadataUnavailableException {
    IoBuffer block = IoBuffer.allocate(BlockFormat.BYTES);
    SuperblockFormat.encode(superblock, block.bytes(), 0);
    List<Integer> order = new ArrayList<>();
    first.stream().filter(DamagedBlock::isSuperblock).forEach(each -> order.add(each.zone()));
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      if (!order.contains(zone)) {
        order.add(zone);
      }
    }
    for (int zone : order) {
      if (!zones.isLost(zone)) {
        zones.writeOne(zone, layout.superblockOffset(zone), block, 0, BlockFormat.BYTES);
        zones.flush();
      }
    }
    zones.requireCopies();
  }
}
