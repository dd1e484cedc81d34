package io.remapfs.health.forecast;

import io.remapfs.health.forecast.SimulatedErrorDisk.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What field studies say of real disks, measured on simulated ones. */
final class DiskStatistics {
  private static final long FORTNIGHT = Duration.ofDays(14).toMillis();
  private static final long MONTH = Duration.ofDays(30).toMillis();

  int disks;
  int fewerThanFifty;
  int anotherWithinMonth;
  int several;
  int allWithinFortnight;
  long errors;
  long errorsOfUsual;
  long withNeighbour;
  long withinMinute;
  long inFirstTenth;

  /** Adds a disk's failures, in the order in which they were seen. */
  void add(List<Failure> failures) {
    if (failures.isEmpty()) {
      return;
    }
    disks++;
    errors += failures.size();
    fewerThanFifty += failures.size() < 50 ? 1 : 0;
    long first = failures.get(0).seenMillis;
    if (failures.size() > 1) {
      several++;
      anotherWithinMonth += failures.get(1).seenMillis - first <= MONTH ? 1 : 0;
      long last = failures.get(failures.size() - 1).seenMillis;
      allWithinFortnight += last - first <= FORTNIGHT ? 1 : 0;
    }
    for (int i = 1; i < failures.size(); i++) {
      withinMinute += failures.get(i).seenMillis - failures.get(i - 1).seenMillis < 60_000 ? 1 : 0;
    }
    long[] blocks = failures.stream().mapToLong(f -> f.block).sorted().toArray();
    for (int i = 0; i < blocks.length; i++) {
      boolean below = i > 0 && blocks[i] - blocks[i - 1] <= SimulatedErrorDisk.NEIGHBOUR_BLOCKS;
      boolean above =
          i + 1 < blocks.length && blocks[i + 1] - blocks[i] <= SimulatedErrorDisk.NEIGHBOUR_BLOCKS;
      if (blocks.length < 50) {
        errorsOfUsual++;
        withNeighbour += below || above ? 1 : 0;
      }
      inFirstTenth += blocks[i] < SimulatedErrorDisk.BLOCKS / 10 ? 1 : 0;
    }
  }

  double share(long part, long whole) {
    return part / (double) Math.max(1, whole);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d disks, %d errors; fewer than 50 errors: %.2f of disks; another within 30 days: %.2f of"
            + " disks; all within 14 days: %.2f of disks with several; another within 10 MB: %.2f of"
            + " the errors of disks with fewer than 50; within a minute of the one before: %.2f of errors; in the first tenth: %.2f",
        disks,
        errors,
        share(fewerThanFifty, disks),
        share(anotherWithinMonth, disks),
        share(allWithinFortnight, several),
        share(withNeighbour, errorsOfUsual),
        share(withinMinute, errors),
        share(inFirstTenth, errors));
  }
}
