package io.remapfs.health.drive;

/**
 * What a drive counts about itself, under the names of SMART; -1 stands for what it does not tell.
 *
 * @param model its name
 * @param passed its own verdict
 * @param temperatureCelsius how warm it is
 * @param powerOnHours how long it has run
 * @param reallocatedSectors attribute 5: sectors it has moved to its own reserve
 * @param pendingSectors attribute 197: sectors it could not read and waits to be rewritten
 * @param uncorrectableSectors attribute 198: sectors it found bad in its own tests
 * @param mediaErrors NVMe: errors of the medium that it could not correct
 * @param percentageUsed NVMe: how much of its endurance is used, in percent, may exceed 100
 * @param criticalWarning NVMe: bits of what is wrong, 0 where nothing is
 */
public record DriveFacts(
    String model,
    Passed passed,
    long temperatureCelsius,
    long powerOnHours,
    long reallocatedSectors,
    long pendingSectors,
    long uncorrectableSectors,
    long mediaErrors,
    long percentageUsed,
    long criticalWarning) {
  /** The drive's own verdict. */
  public enum Passed {
    YES,
    NO,
    UNKNOWN
  }

  /** Stands for a number that is not known. */
  public static final long UNKNOWN = -1;

  /** Of a drive that tells nothing. */
  public static final DriveFacts NOTHING =
      new DriveFacts("", Passed.UNKNOWN, -1, -1, -1, -1, -1, -1, -1, -1);

  /** Whether anything is known that tells of its health. */
  public boolean isKnown() {
    return passed != Passed.UNKNOWN || reallocatedSectors >= 0 || mediaErrors >= 0;
  }
}
