package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.metadata.MetadataRecord;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes blocks pending that somebody else found unreadable, without asking the disk: each is tried
 * once when it is next read, and is healthy data again if its place yields it. A list that is wrong
 * so costs a salvage, where reading all it names could be what a dying disk does not survive.
 *
 * <p><b>How it works.</b> Runs are gathered until they have {@value #BLOCKS_AT_ONCE} blocks, and
 * committed together under one exclusive guard from the first of them to the last: without it, a
 * mover that has just put a block into a slot would see its mapping replaced by "lost, and only on
 * the backing". Writers of what lies between wait for a commit meanwhile, a few flushes.
 *
 * <p>One object serves one request. Not thread-safe.
 */
final class LossMarking {
  /** Blocks that share a guard: about four journal blocks. */
  private static final int BLOCKS_AT_ONCE = 1000;

  private final EngineContext context;
  private final List<BlockRun> gathered = new ArrayList<>();
  private long gatheredBlocks;
  private MarkReport report = new MarkReport(0, 0, 0, 0);

  LossMarking(EngineContext context) {
    this.context = context;
  }

  /**
   * Marks what is healthy; what was marked before an error stays so.
   *
   * @param runs inside the image, in any order
   * @throws MediumErrorException if the metadata cannot be written
   */
  MarkReport mark(List<BlockRun> runs) throws MediumErrorException {
    for (BlockRun run : runs) {
      for (long block = run.firstBlock(); block < run.endBlock(); ) {
        long blocks = Math.min(BLOCKS_AT_ONCE - gatheredBlocks, run.endBlock() - block);
        gathered.add(new BlockRun(block, blocks));
        gatheredBlocks += blocks;
        block += blocks;
        if (gatheredBlocks == BLOCKS_AT_ONCE) {
          markGathered();
        }
      }
    }
    markGathered();
    return report;
  }

  private void markGathered() throws MediumErrorException {
    if (gathered.isEmpty()) {
      return;
    }
    long first = gathered.stream().mapToLong(BlockRun::firstBlock).min().orElseThrow();
    long end = gathered.stream().mapToLong(BlockRun::endBlock).max().orElseThrow();
    long byteOffset = first << context.blockShift;
    long lengthBytes = (end - first) << context.blockShift;
    context.guard.enterExclusive(byteOffset, lengthBytes);
    try {
      markUnderGuard(first, end);
    } finally {
      context.guard.leaveExclusive(byteOffset, lengthBytes);
    }
    gathered.clear();
    gatheredBlocks = 0;
  }

  private void markUnderGuard(long first, long end) throws MediumErrorException {
    List<MetadataRecord> records = new ArrayList<>();
    long known = 0;
    long remapped = 0;
    long seen = 0; // blocks before it were looked at
    gathered.sort(Comparator.comparingLong(BlockRun::firstBlock));
    for (BlockRun each : gathered) {
      long block = Math.min(Math.max(seen, each.firstBlock()), each.endBlock());
      known += block - each.firstBlock();
      while (block < each.endBlock()) {
        long run = context.table.run(block, each.endBlock() - block);
        long target = RemapTable.runTarget(run);
        int length = RemapTable.runLength(run);
        if (Target.isPending(target)) {
          known += length;
        } else if (Target.isRemapped(target)) {
          remapped += length;
        } else {
          for (int i = 0; i < length; i++) {
            records.add(new MetadataRecord.Pending(block + i, Target.NO_SLOT));
          }
        }
        block += length;
      }
      seen = Math.max(seen, block);
    }
    long healthy = records.size();
    commit(records);
    // The store drops what there is no room for.
    long marked = records.stream().filter(this::isPending).count();
    report = report.plus(new MarkReport(marked, known, remapped, healthy - marked));
    if (marked > 0) {
      String message =
          marked + " blocks of " + first + " to " + (end - 1) + " were marked as lost, as asked";
      context.tell(Kind.PENDING, marked == 1 ? first : -1, -1, message);
    }
  }

  private boolean isPending(MetadataRecord each) {
    return each instanceof MetadataRecord.Pending pending
        && Target.isPending(context.table.targetOf(pending.blockIndex()));
  }

  private void commit(List<MetadataRecord> records) throws MediumErrorException {
    if (records.isEmpty()) {
      return;
    }
    try {
      context.metadata.commit(records);
    } catch (MetadataUnavailableException e) {
      context.metadataFailed(String.valueOf(e.getMessage()));
      throw new MediumErrorException(
          "the remap metadata of " + context.metadata.spare().name() + " cannot be written",
          Errno.EIO,
          -1,
          0);
    }
  }
}
