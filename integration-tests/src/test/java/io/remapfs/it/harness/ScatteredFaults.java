package io.remapfs.it.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Bad blocks all over a disk, the same for the same seed. */
public final class ScatteredFaults {
  private ScatteredFaults() {}

  /**
   * Makes about {@code percent} of a disk's blocks bad, in runs of one to four blocks.
   *
   * @param kinds the mode and options of each run in turn, such as {@code "w"} or {@code "r
   *     over=512"}
   */
  public static Fault[] over(
      long sizeBytes, int blockSizeBytes, double percent, long seed, String... kinds) {
    Random random = new Random(seed);
    long blockCount = sizeBytes / blockSizeBytes;
    List<Fault> faults = new ArrayList<>();
    // Runs of 2.5 blocks on average.
    long gapBlocks = (long) (2.5 * 100 / percent);
    long block = random.nextLong(gapBlocks);
    while (block < blockCount - 4) {
      int runBlocks = 1 + random.nextInt(4);
      String[] kind = kinds[faults.size() % kinds.length].split(" ", 2);
      faults.add(
          new Fault(
              block * blockSizeBytes + " " + (long) runBlocks * blockSizeBytes,
              kind[0],
              kind.length > 1 ? kind[1] : ""));
      block += runBlocks + 1 + random.nextLong(2 * gapBlocks - 5);
    }
    return faults.toArray(Fault[]::new);
  }
}
