package io.remapfs.health.pressure;

/**
 * One thing that can run short, in percent, with the marks at which that matters.
 *
 * @param name in words, for "memory is short: NAME is at 95 %"
 * @param percent how short it is; -1 where that cannot be told, which never matters
 * @param reducedFrom at or above it is REDUCED
 * @param reducedUntil and stays so until it is below this
 * @param emergencyFrom at or above it is EMERGENCY
 * @param emergencyUntil and stays so until it is below this
 */
record PressureGauge(
    String name,
    double percent,
    double reducedFrom,
    double reducedUntil,
    double emergencyFrom,
    double emergencyUntil) {

  /** The level that this asks for, where {@code now} is in force. */
  PressureLevel level(PressureLevel now) {
    if (percent < 0) {
      return PressureLevel.NORMAL;
    }
    boolean wasEmergency = now == PressureLevel.EMERGENCY;
    boolean wasReduced = now != PressureLevel.NORMAL;
    if (percent >= (wasEmergency ? emergencyUntil : emergencyFrom)) {
      return PressureLevel.EMERGENCY;
    }
    return percent >= (wasReduced ? reducedUntil : reducedFrom)
        ? PressureLevel.REDUCED
        : PressureLevel.NORMAL;
  }
}
