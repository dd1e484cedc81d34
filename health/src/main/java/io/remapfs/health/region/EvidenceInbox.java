package io.remapfs.health.region;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes evidence from I/O threads at once, and keeps it until somebody has time for it.
 *
 * <p>It adds up by region. Of more than {@value #MAX_REGIONS} regions at a time only that there was
 * something is kept, in one bit for each kind and region: it then counts as one. So what waits is
 * bounded, and no region with evidence is forgotten.
 *
 * <p>Thread-safe: one lock, held for a few instructions, except by the one who empties it, who only
 * takes the maps away.
 */
final class EvidenceInbox {
  /** Regions that are counted for apart. */
  static final int MAX_REGIONS = 4096;

  // Guarded by this.
  private Map<Integer, int[]> counts = new HashMap<>();
  private BitSet @Nullable [] overflow;
  private long folded;

  /** Adds one to a counter of a region. Returns at once. */
  synchronized void add(int region, Evidence.Kind kind) {
    int[] counters = counts.get(region);
    if (counters == null) {
      if (counts.size() == MAX_REGIONS) {
        addFolded(region, kind);
        return;
      }
      counters = new int[Evidence.Kind.COUNT];
      counts.put(region, counters);
    }
    if (counters[kind.index] < Integer.MAX_VALUE) {
      counters[kind.index]++;
    }
  }

  private void addFolded(int region, Evidence.Kind kind) {
    BitSet[] sets = overflow;
    if (sets == null) {
      sets = new BitSet[Evidence.Kind.COUNT];
      for (int i = 0; i < sets.length; i++) {
        sets[i] = new BitSet();
      }
      overflow = sets;
    }
    if (sets[kind.index].get(region)) {
      folded++;
    }
    sets[kind.index].set(region);
  }

  /** How often something was not counted, because the region's bit was set already. */
  synchronized long folded() {
    return folded;
  }

  /**
   * Empties it.
   *
   * @return the number of regions that there was evidence for
   */
  int drainTo(ObjIntConsumer<Evidence> sink) {
    Map<Integer, int[]> taken;
    BitSet @Nullable [] takenOverflow;
    synchronized (this) {
      if (counts.isEmpty()) {
        return 0;
      }
      taken = counts;
      takenOverflow = overflow;
      counts = new HashMap<>();
      overflow = null;
    }
    taken.forEach((region, counters) -> sink.accept(Evidence.of(counters), region));
    return taken.size() + (takenOverflow == null ? 0 : drainOverflow(takenOverflow, sink));
  }

  private static int drainOverflow(BitSet[] sets, ObjIntConsumer<Evidence> sink) {
    BitSet any = new BitSet();
    for (BitSet set : sets) {
      any.or(set);
    }
    int[] counters = new int[Evidence.Kind.COUNT];
    for (int region = any.nextSetBit(0); region >= 0; region = any.nextSetBit(region + 1)) {
      for (int i = 0; i < counters.length; i++) {
        counters[i] = sets[i].get(region) ? 1 : 0;
      }
      sink.accept(Evidence.of(counters), region);
    }
    return any.cardinality();
  }
}
