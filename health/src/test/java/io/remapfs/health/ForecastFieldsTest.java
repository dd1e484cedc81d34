package io.remapfs.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.forecast.DiskForecast;
import io.remapfs.health.forecast.Forecast;
import io.remapfs.health.forecast.Forecast.Confidence;
import io.remapfs.health.forecast.RiskRange;
import io.remapfs.health.forecast.SpareForecast;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ForecastFieldsTest {
  private static final SpareForecast UNKNOWN =
      new SpareForecast(
          false,
          SpareForecast.NEVER,
          SpareForecast.NEVER,
          SpareForecast.NEVER,
          0,
          "the history is too short");

  private static Map<String, ReportField> fields(int ranges, SpareForecast spare) {
    List<RiskRange> risks = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      risks.add(new RiskRange(i * 100L, 16, 0.125));
    }
    Forecast blocks =
        new Forecast(0, Duration.ofDays(14), Confidence.MEDIUM, 0.426, ranges * 16L, risks);
    return ForecastFields.of(new DiskForecast(blocks, spare, 7, "off")).stream()
        .collect(Collectors.toMap(ReportField::path, each -> each));
  }

  @Test
  void shouldNameTheWorstRangesWhenThereAreMany() {
    Map<String, ReportField> fields = fields(40, UNKNOWN);

    assertThat(fields.get("forecast.blocksAtRisk").value()).isEqualTo(640L);
    assertThat((List<?>) fields.get("forecast.ranges").value()).hasSize(ForecastFields.RANGES);
    assertThat(fields.get("forecast.ranges").text())
        .isEqualTo("0-15 (13 %), 100-115 (13 %), 200-215 (13 %), 37 more");
    assertThat(fields.get("forecast.newErrorPercent").text()).isEqualTo("43 % within 14 days");
    assertThat(fields.get("forecast.confidence").value()).isEqualTo("medium");
    assertThat(fields.get("forecast.preempted").value()).isEqualTo(7L);
  }

  @Test
  void shouldSayNotForeseeableAndWhyWhenTheSparesEndIsNotKnown() {
    Map<String, ReportField> fields = fields(0, UNKNOWN);

    assertThat(fields.get("forecast.ranges").text()).isEqualTo("none");
    assertThat(fields.get("forecast.spareEnds").value()).isEqualTo("not foreseeable");
    assertThat(fields.get("forecast.spareEnds").text())
        .isEqualTo("not foreseeable: the history is too short");
  }

  @Test
  void shouldNameTheDayAndItsIntervalWhenTheSparesEndIsForeseeable() {
    long day = Instant.parse("2026-05-01T12:00:00Z").toEpochMilli();
    SpareForecast spare =
        new SpareForecast(
            true, day, day - Duration.ofDays(9).toMillis(), SpareForecast.NEVER, 3, "");

    assertThat(fields(0, spare).get("forecast.spareEnds").text())
        .isEqualTo("about 2026-05-01 (2026-04-22 to not foreseeable)");
    assertThat(fields(0, spare).get("forecast.spareEndsLatest").value())
        .isEqualTo("not foreseeable");
  }
}
