package io.remapfs.health.scan;

import io.remapfs.health.scan.BlockRanges.Overflow;
import java.nio.ByteBuffer;

/**
 * What lies around new errors and is to be read before anything else, because errors cluster
 * (Bairavasundaram et al., "An Analysis of Latent Sector Errors in Disk Drives", SIGMETRICS 2007):
 * first the nearest blocks of every error, then wider and wider. What was read so during a tour is
 * not read so again in it.
 *
 * <p>Bounded: of too many places the smallest are forgotten, and left to the tour. Not thread-safe.
 */
final class Neighbourhood {
  /** Blocks on each side, ring by ring: 64 KiB, 1 MiB and 16 MiB with blocks of 4 KiB. */
  private static final int[] RINGS = {16, 256, 4096};

  private static final int PLACES = 24;

  /** Bytes that {@link #putTo} writes at most. */
  static final int MAX_BYTES = RINGS.length * BlockRanges.maxBytes(PLACES);

  private final long blockCount;
  private final BlockRanges[] todo = new BlockRanges[RINGS.length];
  private final BlockRanges done = new BlockRanges(8 * PLACES, Overflow.SHRINK);

  Neighbourhood(long blockCount) {
    this.blockCount = blockCount;
    for (int i = 0; i < todo.length; i++) {
      todo[i] = new BlockRanges(PLACES, Overflow.SHRINK);
    }
  }

  /** Takes note of a new error. */
  void error(long block) {
    for (int i = 0; i < RINGS.length; i++) {
      todo[i].add(Math.max(0, block - RINGS[i]), Math.min(blockCount, block + RINGS[i] + 1));
      todo[i].remove(block, block + 1);
      todo[i].removeAll(done);
    }
  }

  boolean isEmpty() {
    return ring() < 0;
  }

  private int ring() {
    for (int i = 0; i < todo.length; i++) {
      if (!todo[i].isEmpty()) {
        return i;
      }
    }
    return -1;
  }

  /** The first block to read next; only if not empty. */
  long first() {
    return todo[ring()].start(0);
  }

  /** How many blocks from {@link #first} on to read, {@code most} at most. */
  int blocks(int most) {
    BlockRanges nearest = todo[ring()];
    return (int) Math.min(most, nearest.end(0) - nearest.start(0));
  }

  /** Takes note that blocks were read, or are to be left alone. */
  void read(long first, long blocks) {
    for (BlockRanges each : todo) {
      each.remove(first, first + blocks);
    }
    done.add(first, first + blocks);
  }

  /** Forgets what the tour before has read. */
  void newTour() {
    done.clear();
  }

  void clear() {
    for (BlockRanges each : todo) {
      each.clear();
    }
    done.clear();
  }

  void putTo(ByteBuffer bytes) {
    for (BlockRanges each : todo) {
      each.putTo(bytes);
    }
  }

  /** Reads what {@link #putTo} wrote; throws as {@link BlockRanges#readFrom}. */
  void readFrom(ByteBuffer bytes) {
    for (BlockRanges each : todo) {
      each.readFrom(bytes, blockCount);
    }
  }
}
