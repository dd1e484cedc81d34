package io.remapfs.health.forecast;

import java.time.Duration;

/**
 * How errors lead to further errors: a self-exciting model, as for earthquakes and their
 * aftershocks (Ogata 1988), in the disk's one dimension.
 *
 * <p>The disk is cut into cells. What is to be expected in cell {@code x} within the horizon {@code
 * H} is
 *
 * <pre>
 *   E(x) = sum over bursts i of  count(i)^burstExponent
 *                              * (1 + distance(x, i) / cell)^-distanceExponent
 *                              * (G(age(i) + H) - G(age(i)))
 *   G(t) = 1 - (1 + t / delay)^-delayExponent
 * </pre>
 *
 * and the probability that the cell has at least one more bad block is {@code 1 - exp(-scale *
 * E(x)^power)}. A burst is what was found bad in one cell within an hour. Both kernels are power
 * laws because bursts' lengths, gaps and pauses were found to be (Schroeder et al. 2010).
 *
 * @param horizon how far the forecast looks; the constants hold for this one only
 * @param cellBytes the size of a cell
 * @param radiusCells beyond so many cells an error says nothing
 * @param burstExponent how much more a large burst says than a small one, 0 to 1
 * @param distanceExponent how fast the risk falls with the distance
 * @param delay the time in which it begins to fall
 * @param delayExponent how fast it falls with time then
 * @param scale of the probability
 * @param power of the probability
 * @param diskScale as scale, for at least one more bad block anywhere on the disk
 * @param diskPower as power, for the same
 */
record ForecastModel(
    Duration horizon,
    int cellBytes,
    int radiusCells,
    double burstExponent,
    double distanceExponent,
    Duration delay,
    double delayExponent,
    double scale,
    double power,
    double diskScale,
    double diskPower) {

  /**
   * Fitted by {@code ForecastFit} (in the tests) to simulated disks with seeds that the judgement
   * does not use.
   */
  static final ForecastModel FITTED =
      new ForecastModel(
          Duration.ofDays(14),
          64 << 10,
          80,
          0.25,
          1.5,
          Duration.ofDays(2),
          0.7,
          0.1317,
          1.1850,
          0.2115,
          0.7209);

  /** The kernel of distance, 1 in the error's own cell. */
  double nearness(long cells) {
    return Math.pow(1.0 + cells, -distanceExponent);
  }

  /** The share of what an error of this age leads to that falls into the horizon. */
  double freshness(long ageMillis) {
    double age = Math.max(0, ageMillis);
    return stillToCome(age) - stillToCome(age + horizon.toMillis());
  }

  private double stillToCome(double ageMillis) {
    return Math.pow(1.0 + ageMillis / delay.toMillis(), -delayExponent);
  }

  double weight(int burstBlocks) {
    return Math.pow(burstBlocks, burstExponent);
  }

  double cellProbability(double expected) {
    return expected <= 0 ? 0 : -Math.expm1(-scale * Math.pow(expected, power));
  }

  double diskProbability(double expected) {
    return expected <= 0 ? 0 : -Math.expm1(-diskScale * Math.pow(expected, diskPower));
  }
}
