package io.remapfs.health;

import io.remapfs.engine.BlockRun;

/**
 * Turns bad bytes into runs of bad blocks: a block of which any byte is bad is bad. Neighbours are
 * joined, which also counts once what consecutive ranges of sectors share.
 *
 * <p>Invariant: everything before the run that is being gathered was handed on. Not thread-safe.
 *
 * @param <X> what the receiver may throw
 */
public final class BlockRuns<X extends Exception> implements BadRanges<X> {
  /** Receives the runs. */
  @FunctionalInterface
  public interface Receiver<X extends Exception> {
    /** Some blocks of the disk. */
    void run(BlockRun run) throws X;
  }

  private final int blockShift;
  private final long blockCount;
  private final Receiver<X> receiver;
  private long first; // the run that is being gathered
  private long end;
  private long outside;

  /**
   * For one disk.
   *
   * @param blockSizeBytes a power of two
   * @param blockCount its blocks; what lies behind them is only counted
   */
  public BlockRuns(int blockSizeBytes, long blockCount, Receiver<X> receiver) {
    this.blockShift = Integer.numberOfTrailingZeros(blockSizeBytes);
    this.blockCount = blockCount;
    this.receiver = receiver;
  }

  @Override
  public void bad(long byteOffset, long lengthBytes) throws X {
    long firstBad = byteOffset >>> blockShift;
    long endBad = ((byteOffset + (lengthBytes - 1)) >>> blockShift) + 1;
    if (firstBad > end || endBad < first) {
      finish();
      first = firstBad;
      end = endBad;
    } else {
      first = Math.min(first, firstBad);
      end = Math.max(end, endBad);
    }
  }

  /** Hands on the last run. */
  public void finish() throws X {
    long endInside = Math.min(end, blockCount);
    if (endInside > first) {
      receiver.run(new BlockRun(first, endInside - first));
    }
    long more = end - Math.max(first, endInside);
    outside = more > Long.MAX_VALUE - outside ? Long.MAX_VALUE : outside + more;
    first = 0;
    end = 0;
  }

  /** The bad blocks behind the end of the disk, 2^63-1 at most. */
  public long outsideBlocks() {
    return outside;
  }
}
