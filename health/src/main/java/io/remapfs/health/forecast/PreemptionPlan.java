package io.remapfs.health.forecast;

import io.remapfs.engine.table.EntryVisitor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Which blocks are moved ahead of time, in which order. Pure functions. */
final class PreemptionPlan {
  /** A plan is made anew after an hour; there is no time for more blocks. */
  static final int MAX_BLOCKS = 4096;

  private PreemptionPlan() {}

  /**
   * The healthy blocks of the ranges in danger: those of the worst range first, and in each the
   * nearest to a bad block first.
   *
   * @param entries visits the blocks that are not healthy
   */
  static long[] of(Forecast forecast, ErrorHistory history, Consumer<EntryVisitor> entries) {
    List<RiskRange> ranges =
        forecast.ranges().stream()
            .filter(each -> each.probability() >= Forecaster.DANGER)
            .sorted(Comparator.comparingDouble(RiskRange::probability).reversed())
            .toList();
    long[] bad = history.places().stream().mapToLong(BadPlace::blockIndex).toArray();
    List<long[]> parts = new ArrayList<>();
    int room = MAX_BLOCKS;
    for (RiskRange range : ranges) {
      if (room > 0) {
        long[] nearest = nearestFirst(range, bad);
        parts.add(nearest.length <= room ? nearest : Arrays.copyOf(nearest, room));
        room -= Math.min(room, nearest.length);
      }
    }
    Set<Long> wanted = new HashSet<>();
    parts.forEach(part -> Arrays.stream(part).forEach(wanted::add));
    if (!wanted.isEmpty()) {
      entries.accept((block, target) -> wanted.remove(block));
    }
    return parts.stream().flatMapToLong(Arrays::stream).filter(wanted::contains).toArray();
  }

  /** Sorted as numbers of distance and offset: both fit, as a range is cut at 2^20 blocks. */
  private static long[] nearestFirst(RiskRange range, long[] bad) {
    int count = (int) Math.min(1 << 20, range.blockCount());
    long[] keys = new long[count];
    for (int offset = 0; offset < count; offset++) {
      long distance = Math.min(1L << 40, distance(range.firstBlock() + offset, bad));
      keys[offset] = distance << 20 | offset;
    }
    Arrays.sort(keys);
    for (int i = 0; i < count; i++) {
      keys[i] = range.firstBlock() + (keys[i] & ((1 << 20) - 1));
    }
    return keys;
  }

  private static long distance(long block, long[] bad) {
    int at = Arrays.binarySearch(bad, block);
    if (at >= 0) {
      return 0;
    }
    int above = -at - 1;
    long up = above < bad.length ? bad[above] - block : Long.MAX_VALUE;
    long down = above > 0 ? block - bad[above - 1] : Long.MAX_VALUE;
    return Math.min(up, down);
  }
}
