package io.remapfs.health.scan;

import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Finds blocks that read, but so slowly that their sectors are about to fail: the drive repeats and
 * corrects for longer than everything else on it takes.
 *
 * <p><b>How it works.</b> A step is slow if it takes {@value #ABSOLUTE_NANOS} ns at least, and
 * {@value #RELATIVE} times the median of a batch. What was slow is read again in eight parts, each
 * slow part again, until single blocks are left. A block that is slow {@value #TIMES} times, half a
 * minute apart, is slow for good: in that time the tour reads more than any drive caches. Whoever
 * passes once is forgotten. While users are at work nothing is measured.
 *
 * <p>Bounded: {@value #SUSPECTS} suspects at once, each postponed {@value #POSTPONEMENTS} times at
 * most. Not thread-safe.
 */
final class SlowBlocks {
  static final long ABSOLUTE_NANOS = 200_000_000L;
  static final int RELATIVE = 10;
  static final int TIMES = 4;
  static final long APART_NANOS = 30_000_000_000L;
  private static final int PARTS = 8;
  private static final int SUSPECTS = 32;
  private static final int POSTPONEMENTS = 20;

  /** A range that was slow. */
  static final class Suspect {
    final long first;
    final int blocks;
    private long dueAtNanos;
    private int times;
    private int postponed;

    Suspect(long first, int blocks, long dueAtNanos) {
      this.first = first;
      this.blocks = blocks;
      this.dueAtNanos = dueAtNanos;
    }
  }

  private final ArrayDeque<Suspect> suspects = new ArrayDeque<>();

  /** Whether a read took too long. */
  static boolean isSlow(long nanos, long usualNanos) {
    return usualNanos >= 0 && nanos >= ABSOLUTE_NANOS && nanos >= RELATIVE * usualNanos;
  }

  boolean isEmpty() {
    return suspects.isEmpty();
  }

  /** Takes note of blocks whose read was slow. */
  void suspect(long first, int blocks, long nowNanos) {
    if (blocks <= 1) {
      add(new Suspect(first, 1, nowNanos + APART_NANOS));
      return;
    }
    int part = Math.max(1, blocks / PARTS);
    for (int at = 0; at < blocks; at += part) {
      add(new Suspect(first + at, Math.min(part, blocks - at), nowNanos));
    }
  }

  private void add(Suspect suspect) {
    if (suspects.size() < SUSPECTS) {
      suspects.addLast(suspect);
    }
  }

  /** The next to be measured now, or null. */
  @Nullable Suspect due(long nowNanos) {
    for (Suspect each : suspects) {
      if (nowNanos - each.dueAtNanos >= 0) {
        return each;
      }
    }
    return null;
  }

  /** How long until one is due; {@link Long#MAX_VALUE} where there is none. */
  long delayNanos(long nowNanos) {
    long delay = Long.MAX_VALUE;
    for (Suspect each : suspects) {
      delay = Math.min(delay, Math.max(0, each.dueAtNanos - nowNanos));
    }
    return delay;
  }

  /** Takes note that nothing could be measured now. */
  void postpone(long nowNanos) {
    for (Iterator<Suspect> all = suspects.iterator(); all.hasNext(); ) {
      Suspect each = all.next();
      if (nowNanos - each.dueAtNanos >= 0) {
        each.dueAtNanos = nowNanos + APART_NANOS;
        if (++each.postponed > POSTPONEMENTS) {
          all.remove();
        }
      }
    }
  }

  /**
   * Takes note of a measurement of one that was due.
   *
   * @return whether it is a block that is slow for good; it is no suspect any more then
   */
  boolean measured(Suspect suspect, boolean slow, long nowNanos) {
    if (!slow) {
      suspects.remove(suspect);
      return false;
    }
    if (suspect.blocks > 1) {
      suspects.remove(suspect);
      suspect(suspect.first, suspect.blocks, nowNanos);
      return false;
    }
    suspect.times++;
    suspect.dueAtNanos = nowNanos + APART_NANOS;
    if (suspect.times < TIMES) {
      return false;
    }
    suspects.remove(suspect);
    return true;
  }

  void remove(Suspect suspect) {
    suspects.remove(suspect);
  }

  void clear() {
    suspects.clear();
  }
}
