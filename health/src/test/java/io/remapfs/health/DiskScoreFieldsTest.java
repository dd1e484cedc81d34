package io.remapfs.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.drive.DriveFacts;
import io.remapfs.health.drive.DriveFacts.Passed;
import io.remapfs.health.region.RegionSummary;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiskScoreFieldsTest {
  private static String text(List<ReportField> fields, String path) {
    return fields.stream()
        .filter(field -> field.path().equals(path))
        .map(ReportField::text)
        .findFirst()
        .orElse("absent");
  }

  @Test
  void shouldSayWhyWhenScoreIsLow() {
    RegionSummary regions = new RegionSummary(950, 3, 2, 1, 0, List.of());
    List<ReportField> fields =
        new DiskScore(regions, DriveFacts.NOTHING, 640, 1000).fields("/d/disk.img.health");
    assertThat(text(fields, "health.score"))
        .isEqualTo("640 of 1000, warn: few slots left in the spare");
    assertThat(text(fields, "health.regions")).isEqualTo("3 (2 good, 1 warn, 0 danger)");
    assertThat(text(fields, "health.file")).isEqualTo("/d/disk.img.health");
    assertThat(text(fields, "drive.passed")).isEqualTo("absent");
  }

  @Test
  void shouldShowWhatTheDriveTellsWhenItIsKnown() {
    DriveFacts drive = new DriveFacts("EX", Passed.NO, 34, 5, 37, 8, 3, -1, -1, -1);
    DiskScore score = new DiskScore(RegionSummary.NOTHING, drive, 1000, 1000);
    List<ReportField> fields = score.fields("memory");
    assertThat(score.score()).isZero();
    assertThat(text(fields, "health.score"))
        .isEqualTo("0 of 1000, danger: what the drive says of itself");
    assertThat(text(fields, "drive.passed")).isEqualTo("FAILED");
    assertThat(text(fields, "drive.reallocatedSectors")).isEqualTo("37");
    assertThat(text(fields, "drive.pendingSectors")).isEqualTo("8");
    assertThat(text(fields, "drive.mediaErrors")).isEqualTo("absent");
  }

  @Test
  void shouldBeGoodWithoutReasonWhenNothingHappened() {
    DiskScore score = new DiskScore(RegionSummary.NOTHING, DriveFacts.NOTHING, 1000, 1000);
    assertThat(text(score.fields("memory"), "health.score")).isEqualTo("1000 of 1000, good");
  }
}
