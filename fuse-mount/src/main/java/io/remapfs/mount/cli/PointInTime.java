package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.RefusedException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A time as users give it: a date, a date with a time, or how long ago. */
final class PointInTime {
  private static final Pattern AGO = Pattern.compile("([0-9]{1,6})([smhdw])");

  @FunctionalInterface
  private interface Form {
    Instant parse(String text);
  }

  private PointInTime() {}

  /**
   * Reads one.
   *
   * @param option what it is for, for the refusal
   * @param clock tells now, and in what zone a time without one is
   * @throws RefusedException if it is none
   */
  static Instant parse(String option, String text, Clock clock) throws RefusedException {
    Matcher ago = AGO.matcher(text);
    if (ago.matches()) {
      return clock.instant().minus(ago(Long.parseLong(ago.group(1)), ago.group(2)));
    }
    String iso = text.replace(' ', 'T');
    List<Form> forms =
        List.of(
            each -> OffsetDateTime.parse(each).toInstant(),
            each -> LocalDateTime.parse(each).atZone(clock.getZone()).toInstant(),
            each -> LocalDate.parse(each).atStartOfDay(clock.getZone()).toInstant());
    for (Form form : forms) {
      @Nullable Instant time = tryParse(form, iso);
      if (time != null) {
        return time;
      }
    }
    throw RefusedException.usage(
        option
            + " takes a date (2026-01-31), a date and time (2026-01-31T17:30), or a time ago (90s,"
            + " 30m, 6h, 7d, 2w), not '"
            + text
            + "'");
  }

  private static @Nullable Instant tryParse(Form form, String text) {
    try {
      return form.parse(text);
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static Duration ago(long count, String unit) {
    return switch (unit) {
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      case "d" -> Duration.ofDays(count);
      default -> Duration.ofDays(7 * count);
    };
  }
}
