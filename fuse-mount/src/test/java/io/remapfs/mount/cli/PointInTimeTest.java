package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PointInTimeTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-01-31T12:00:00Z"), ZoneOffset.ofHours(2));

  @ParameterizedTest
  @CsvSource({
    "2026-01-30, 2026-01-29T22:00:00Z",
    "2026-01-30T17:30, 2026-01-30T15:30:00Z",
    "2026-01-30 17:30:05, 2026-01-30T15:30:05Z",
    "2026-01-30T17:30:00.5Z, 2026-01-30T17:30:00.5Z",
    "2026-01-30T17:30:00+05:00, 2026-01-30T12:30:00Z",
    "90s, 2026-01-31T11:58:30Z",
    "30m, 2026-01-31T11:30:00Z",
    "6h, 2026-01-31T06:00:00Z",
    "7d, 2026-01-24T12:00:00Z",
    "2w, 2026-01-17T12:00:00Z",
  })
  void shouldUnderstandDatesTimesAndAges(String text, Instant expected) throws Exception {
    assertThat(PointInTime.parse("--since", text, CLOCK)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "yesterday", "5", "-5m", "5 m", "2026-02-30", "2026-01-30T25:00", "9999999d"})
  void shouldRefuseWhatIsNoTime(String text) {
    assertThatThrownBy(() -> PointInTime.parse("--since", text, CLOCK))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("'" + text + "'")
        .extracting(e -> ((RefusedException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }
}
