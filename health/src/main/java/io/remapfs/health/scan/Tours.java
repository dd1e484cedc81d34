package io.remapfs.health.scan;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Lays out the way of a tour, from what is known of the disk when it begins or is taken up again.
 */
final class Tours {
  // Of a health region; doubled where there would be more than 2^20.
  private static final long REGION_BLOCKS = 4096;
  private static final int MAX_REGIONS = 1 << 20;

  private static final int REGION_BITS = 20;
  private static final int AGE_BITS = 33;

  private final ScanTarget target;
  private final RegionHistory history;
  private final long blockCount;
  private final long regionBlocks;

  Tours(ScanTarget target, RegionHistory history) {
    this.target = target;
    this.history = history;
    this.blockCount = target.blockCount();
    long blocks = REGION_BLOCKS;
    while ((blockCount - 1) / blocks >= MAX_REGIONS) {
      blocks *= 2;
    }
    this.regionBlocks = blocks;
  }

  /** The way of a new tour, or of one that stood at its position. */
  Walk walk(TourState state, boolean resumed) {
    long position = resumed ? state.position : -1;
    return switch (state.mode) {
      case FULL -> new CircularWalk(blockCount, 0, Math.max(0, position));
      case ERRORS -> regions(withEvents(), position);
      case NEIGHBOURS -> regions(aroundBadBlocks(), position);
      case RISK -> risk(state, position);
    };
  }

  private RegionWalk regions(BitSet regions, long position) {
    // A region that a tour stood in and that is not listed any more: it goes on behind it.
    BitSet left = regions;
    if (position >= 0) {
      left = (BitSet) regions.clone();
      left.set((int) (position / regionBlocks));
    }
    long[] order = left.stream().asLongStream().toArray();
    return new RegionWalk(order, regionBlocks, blockCount, position);
  }

  private BitSet withEvents() {
    BitSet regions = withBadBlocks();
    history.forEach(
        (first, blocks, risk, lastScan) ->
            regions.set(
                (int) (first / regionBlocks), (int) ((first + blocks - 1) / regionBlocks) + 1));
    return regions;
  }

  private BitSet withBadBlocks() {
    BitSet regions = new BitSet();
    target.forEachEntry((block, where) -> regions.set((int) (block / regionBlocks)));
    return regions;
  }

  private BitSet aroundBadBlocks() {
    BitSet bad = withBadBlocks();
    BitSet around = new BitSet();
    int last = (int) ((blockCount - 1) / regionBlocks);
    bad.stream()
        .forEach(region -> around.set(Math.max(0, region - 1), Math.min(last, region + 1) + 1));
    return around;
  }

  private RiskWalk risk(TourState state, long position) {
    boolean resumed = position >= 0;
    long current = resumed && state.phase == 0 ? position / regionBlocks : -1;
    long[] order = riskiest(resumed ? state.startedAtMillis / 1000 : Long.MAX_VALUE, current);
    RegionWalk risky =
        new RegionWalk(
            order,
            regionBlocks,
            blockCount,
            current >= 0 && order.length > 0 && order[0] == current ? position : -1);
    long origin = resumed && state.phase == 1 ? state.origin : state.oldestLook;
    long at = resumed && state.phase == 1 ? position : origin;
    return new RiskWalk(risky, new CircularWalk(blockCount, origin, at), resumed ? state.phase : 0);
  }

  /**
   * Regions with a risk: greatest risk first, then oldest look, then place.
   *
   * @param doneSince regions that were scanned since then are left out
   * @param current comes first, and is not left out; -1 for none
   */
  private long[] riskiest(long doneSince, long current) {
    long[][] keys = {new long[64]};
    int[] count = {0};
    history.forEach(
        (first, blocks, risk, lastScan) -> {
          long region = first / regionBlocks;
          if (risk > 0 && (lastScan < doneSince || region == current)) {
            if (count[0] == keys[0].length) {
              keys[0] = Arrays.copyOf(keys[0], 2 * count[0]);
            }
            keys[0][count[0]++] = region == current ? region : key(risk, lastScan, region);
          }
        });
    long[] order = Arrays.copyOf(keys[0], count[0]);
    Arrays.sort(order);
    for (int i = 0; i < order.length; i++) {
      order[i] &= (1L << REGION_BITS) - 1;
    }
    return Arrays.stream(order).distinct().toArray();
  }

  private static long key(int risk, long lastScanSeconds, long region) {
    long age = Math.max(0, Math.min((1L << AGE_BITS) - 1, lastScanSeconds));
    return (long) (1001 - Math.min(1000, risk)) << (REGION_BITS + AGE_BITS)
        | age << REGION_BITS
        | region;
  }
}
