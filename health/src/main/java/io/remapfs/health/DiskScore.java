package io.remapfs.health;

import io.remapfs.engine.EngineStatus;
import io.remapfs.health.drive.DriveFacts;
import io.remapfs.health.region.RegionSummary;
import io.remapfs.health.region.Score;
import io.remapfs.health.region.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The health of the whole disk in one number, and what it is made of; see {@link Score}.
 *
 * @param regions what happened where
 * @param drive what the drive says of itself
 * @param spare the score of the spare's use
 * @param pending the score of the lost blocks
 */
public record DiskScore(RegionSummary regions, DriveFacts drive, int spare, int pending) {
  /** The score of a disk. */
  public static DiskScore of(EngineStatus engine, RegionSummary regions, DriveFacts drive) {
    return new DiskScore(
        regions,
        drive,
        Score.ofSpare(engine.spareUsed() + engine.spareBurnt(), engine.spareSlots()),
        Score.ofPending(engine.pendingBlocks()));
  }

  /** 0 to {@link Score#BEST}. */
  public int score() {
    return Math.min(Math.min(regions.score(), spare), Math.min(pending, Score.ofDrive(drive)));
  }

  /** What the score means. */
  public Verdict verdict() {
    return Verdict.of(score());
  }

  /** What made it so low, in words; "" where nothing did. */
  private String because() {
    int score = score();
    List<String> reasons = new ArrayList<>();
    if (regions.score() == score) {
      reasons.add("errors in " + regions.regions() + " regions");
    }
    if (pending == score) {
      reasons.add("lost blocks");
    }
    if (spare == score) {
      reasons.add("few slots left in the spare");
    }
    if (Score.ofDrive(drive) == score) {
      reasons.add("what the drive says of itself");
    }
    return score == Score.BEST ? "" : ": " + String.join(", ", reasons);
  }

  /**
   * The fields of a report.
   *
   * @param file where health is kept
   */
  public List<ReportField> fields(String file) {
    List<ReportField> fields = new ArrayList<>();
    fields.add(
        new ReportField(
            "health.score", "health", score(), score() + " of 1000, " + verdict() + because()));
    fields.add(new ReportField("health.verdict", "verdict", verdict().toString(), word()));
    fields.add(
        new ReportField(
            "health.regions",
            "regions with errors",
            regions.regions(),
            regions.regions() == 0
                ? "0"
                : String.format(
                    Locale.ROOT,
                    "%d (%d good, %d warn, %d danger)",
                    regions.regions(),
                    regions.good(),
                    regions.warn(),
                    regions.danger())));
    fields.add(ReportField.of("health.file", "health file", file));
    addDrive(fields);
    return fields;
  }

  private String word() {
    return switch (verdict()) {
      case GOOD -> "good";
      case WARN -> "warn - keep an eye on it, and a copy of what matters";
      case DANGER -> "danger - copy the data off this disk";
    };
  }

  private void addDrive(List<ReportField> fields) {
    if (!drive.isKnown()) {
      return;
    }
    if (!drive.model().isEmpty()) {
      fields.add(ReportField.of("drive.model", "drive", drive.model()));
    }
    if (drive.passed() != DriveFacts.Passed.UNKNOWN) {
      boolean passed = drive.passed() == DriveFacts.Passed.YES;
      fields.add(
          new ReportField(
              "drive.passed", "drive's own verdict", passed, passed ? "passed" : "FAILED"));
    }
    add(fields, "drive.temperatureCelsius", "drive temperature", drive.temperatureCelsius());
    add(fields, "drive.powerOnHours", "drive power-on hours", drive.powerOnHours());
    add(fields, "drive.reallocatedSectors", "drive reallocated (5)", drive.reallocatedSectors());
    add(fields, "drive.pendingSectors", "drive pending (197)", drive.pendingSectors());
    add(
        fields,
        "drive.uncorrectableSectors",
        "drive uncorrectable (198)",
        drive.uncorrectableSectors());
    add(fields, "drive.mediaErrors", "drive media errors", drive.mediaErrors());
    add(fields, "drive.percentageUsed", "drive wear percent", drive.percentageUsed());
    add(fields, "drive.criticalWarning", "drive critical warning", drive.criticalWarning());
  }

  private static void add(List<ReportField> fields, String path, String label, long value) {
    if (value != DriveFacts.UNKNOWN) {
      fields.add(ReportField.of(path, label, value));
    }
  }
}
