package io.remapfs.health.forecast;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Where and when a disk's medium failed, as far as it is remembered. Immutable.
 *
 * @param sizeBytes of the disk, 0 or more
 * @param blockSizeBytes the unit of {@link BadPlace#blockIndex}, at least 1
 * @param places at most {@link #MAX_PLACES}, ascending by block, each block once with its newest
 *     time
 */
public record ErrorHistory(long sizeBytes, int blockSizeBytes, List<BadPlace> places) {
  /**
   * The newest so many places are remembered: more say little more about what comes next, and a
   * disk with more is past forecasting.
   */
  public static final int MAX_PLACES = 4096;

  public ErrorHistory {
    places = List.copyOf(places);
  }

  /** A history of what is known, in any order; what is outside the disk is left out. */
  public static ErrorHistory of(long sizeBytes, int blockSizeBytes, Collection<BadPlace> known) {
    long blockCount = sizeBytes / blockSizeBytes;
    BadPlace[] newest = known.toArray(BadPlace[]::new);
    Arrays.sort(newest, Comparator.comparingLong(BadPlace::seenMillis).reversed());
    BadPlace[] byBlock =
        Arrays.stream(newest)
            .filter(each -> each.blockIndex() >= 0 && each.blockIndex() < blockCount)
            .limit(MAX_PLACES)
            // Stable: of the same block the newest comes first.
            .sorted(Comparator.comparingLong(BadPlace::blockIndex))
            .toArray(BadPlace[]::new);
    int kept = 0;
    for (BadPlace each : byBlock) {
      if (kept == 0 || byBlock[kept - 1].blockIndex() != each.blockIndex()) {
        byBlock[kept++] = each;
      }
    }
    return new ErrorHistory(sizeBytes, blockSizeBytes, List.of(Arrays.copyOf(byBlock, kept)));
  }

  /** The number of blocks of the disk. */
  public long blockCount() {
    return sizeBytes / blockSizeBytes;
  }
}
