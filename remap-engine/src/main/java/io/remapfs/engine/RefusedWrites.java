package io.remapfs.engine;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The places that refused a write since the backing last accepted one: so many, and spread so far,
 * that it takes none at all?
 *
 * <p>A burst of writes to a disk with many bad blocks ends with bad ones only: the good ones are
 * through within a millisecond, while each bad one is tried for a tenth of a second. So {@value
 * #MOST_ON_THEIR_WAY} refusals in a row prove nothing, a loop device's whole queue, twice what the
 * kernel has FUSE serve at once. Blocks smaller than a page count once a page, since a request is
 * at least that long.
 *
 * <p>However long it takes: a user who waits for each write needs some ten seconds for so many.
 *
 * <p>Not thread-safe.
 */
final class RefusedWrites {
  private static final int MOST_ON_THEIR_WAY = 128;
  private static final int PAGE_BYTES = 4096;

  private final long placeCount;
  private final int blocksAPlace;
  private final Set<Long> places = new LinkedHashSet<>();

  RefusedWrites(long blockCount, int blockSizeBytes) {
    this.blocksAPlace = Math.max(1, PAGE_BYTES / blockSizeBytes);
    this.placeCount = (blockCount + blocksAPlace - 1) / blocksAPlace;
  }

  /** Told of an accepted write. */
  void clear() {
    places.clear();
  }

  /**
   * Told of a block that refused one.
   *
   * @return whether it may be taken that all do
   */
  boolean add(long blockIndex) {
    places.add(blockIndex / blocksAPlace);
    if (places.size() <= MOST_ON_THEIR_WAY) {
      return false;
    }
    boolean allOver =
        DiskZones.areAllOver(places.stream().mapToInt(place -> DiskZones.of(place, placeCount)));
    Iterator<Long> oldest = places.iterator();
    oldest.next();
    oldest.remove();
    return allOver;
  }
}
