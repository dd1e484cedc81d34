package io.remapfs.health.region;

import io.remapfs.health.drive.DriveFacts;
import java.time.Instant;

/**
 * Health as a number from 0 to {@value #BEST}.
 *
 * <p><b>A region</b> scores {@code 1000 * 2^(-E / 8)}: evidence E of 8 halves it. E is
 *
 * <pre>
 *     1      for each recent error: e^(-age / 14 days) each, as RegionHealth keeps them
 *     1/4    for each error ever: a scar that does not heal
 *     3/4    for each failed write ever: a drive that refuses one has no reserves there
 *     1      for each block lost
 *     1/20   for each slow read
 *     1      for each error a day by which the trend rises
 * </pre>
 *
 * One fresh read error that was salvaged makes 840 (its trend counts too), and 979 when it is
 * months old; one lost block 759; three errors within a day are danger. That errors come in
 * clusters, close in space and in time, is what Bairavasundaram et al. found on 1.53 million drives
 * (An Analysis of Latent Sector Errors in Disk Drives, SIGMETRICS 2007): so recent ones weigh most,
 * and a region is judged by itself. The weights are a choice.
 *
 * <p><b>The disk</b> scores the least of four:
 *
 * <pre>
 *     regions   half of the worst region's score and half of the mean of the 16 worst
 *     spare     1000 up to half of the slots used, then 1000 * (1 - ((used - 1/2) / (1/2))^2)
 *     pending   1000 without; else 899 * 2^(-(pending - 1) / 256): lost data is never good
 *     drive     0 where the drive says that it fails; 899 at most where it counts pending (197) or
 *               uncorrectable (198) sectors or media errors; 899 * 2^(-reallocated / 512) where it
 *               counts reallocated ones (5); 500 with a critical warning; 800 where an SSD's wear is
 *               100 % or more; else 1000
 * </pre>
 *
 * Of the drive's attributes those count that Backblaze investigates as soon as they are above zero
 * (What SMART Stats Tell Us About Hard Drives, 2016).
 */
public final class Score {
  /** Nothing is wrong. */
  public static final int BEST = 1000;

  /** Regions that the disk's score looks at. */
  static final int WORST_REGIONS = 16;

  private static final double HALVING_EVIDENCE = 8;
  private static final double SCAR = 0.25;
  private static final double FAILED_WRITE = 0.75;
  private static final double LOST = 1;
  private static final double SLOW = 0.05;
  private static final int MOST_WARN = Verdict.GOOD_FROM - 1;
  private static final double HALVING_PENDING = 256;
  private static final double HALVING_REALLOCATED = 512;
  private static final int CRITICAL_WARNING = 500;
  private static final int WORN_OUT = 800;

  private Score() {}

  /** The score of a region. */
  public static int ofRegion(RegionHealth region, Instant now) {
    double evidence =
        region.recentErrors(now)
            + SCAR * region.errors()
            + FAILED_WRITE * region.writeErrors()
            + LOST * region.lost()
            + SLOW * region.slowIos()
            + Math.max(0, region.trend(now));
    return (int) Math.round(BEST * halvings(evidence / HALVING_EVIDENCE));
  }

  /** The score that the regions give the disk. */
  static int ofRegions(int[] worstScores) {
    int worst = BEST;
    double sum = 0;
    for (int score : worstScores) {
      worst = Math.min(worst, score);
      sum += score;
    }
    double mean = (sum + (double) BEST * (WORST_REGIONS - worstScores.length)) / WORST_REGIONS;
    return (int) Math.round((worst + mean) / 2);
  }

  /** The score that the use of the spare's slots gives the disk. */
  public static int ofSpare(long usedSlots, long slots) {
    if (slots <= 0) {
      return BEST;
    }
    double over = Math.max(0, (double) usedSlots / slots - 0.5) / 0.5;
    return (int) Math.round(BEST * (1 - Math.min(1, over * over)));
  }

  /** The score that the PENDING blocks give the disk. */
  public static int ofPending(long pendingBlocks) {
    return pendingBlocks == 0
        ? BEST
        : (int) Math.round(MOST_WARN * halvings((pendingBlocks - 1) / HALVING_PENDING));
  }

  /** The score that the drive's own counters give the disk; unknown ones are no evidence. */
  public static int ofDrive(DriveFacts drive) {
    if (drive.passed() == DriveFacts.Passed.NO) {
      return 0;
    }
    int score = BEST;
    if (drive.reallocatedSectors() > 0) {
      score =
          (int) Math.round(MOST_WARN * halvings(drive.reallocatedSectors() / HALVING_REALLOCATED));
    }
    if (drive.pendingSectors() > 0 || drive.uncorrectableSectors() > 0 || drive.mediaErrors() > 0) {
      score = Math.min(score, MOST_WARN);
    }
    if (drive.criticalWarning() > 0) {
      score = Math.min(score, CRITICAL_WARNING);
    }
    if (drive.percentageUsed() >= 100) {
      score = Math.min(score, WORN_OUT);
    }
    return score;
  }

  private static double halvings(double count) {
    return Math.pow(2, -count);
  }
}
