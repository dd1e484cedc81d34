package io.remapfs.mount.cli;

import io.remapfs.health.scan.ScanLimits;
import io.remapfs.health.scan.ScanSettings;
import io.remapfs.mount.preflight.RefusedException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When and how fast a mounted disk is scanned. */
final class ScanOptions {
  private static final Pattern INTERVAL = Pattern.compile("([0-9]{1,9})([mhdw])");

  @Option(
      names = "--scan-interval",
      paramLabel = "TIME",
      description = {
        "From the beginning of one scan of the whole disk to that of the next, such as 12h or 7d; off"
            + " for none by itself (7d)."
      })
  private String interval = "7d";

  @Option(
      names = "--scan-rate",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "A scan reads so much a second at most, 64K to 1T (32M).")
  private long rate = ScanLimits.DEFAULT.bytesPerSecond();

  @Option(
      names = "--scan-cpu",
      paramLabel = "PERCENT",
      description = "A scan takes so much of one core at most, 1 to 100 (2).")
  private int cpu = ScanLimits.DEFAULT.cpuPercent();

  ScanSettings settings() throws RefusedException {
    requireRate("--scan-rate", rate);
    requireCpu("--scan-cpu", cpu);
    return new ScanSettings(interval(interval), new ScanLimits(rate, cpu));
  }

  static void requireRate(String option, long bytesPerSecond) throws RefusedException {
    if (bytesPerSecond < ScanLimits.MIN_RATE || bytesPerSecond > ScanLimits.MAX_RATE) {
      throw RefusedException.usage(
          option + " must be 64K to 1T (bytes a second), not " + bytesPerSecond);
    }
  }

  static void requireCpu(String option, int percent) throws RefusedException {
    if (percent < ScanLimits.MIN_CPU || percent > ScanLimits.MAX_CPU) {
      throw RefusedException.usage(option + " must be 1 to 100 percent, not " + percent);
    }
  }

  private static @Nullable Duration interval(String text) throws RefusedException {
    if (text.equals("off")) {
      return null;
    }
    Matcher matcher = INTERVAL.matcher(text);
    if (matcher.matches()) {
      long number = Long.parseLong(String.valueOf(matcher.group(1)));
      Duration interval =
          switch (String.valueOf(matcher.group(2))) {
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> Duration.ofDays(7 * number);
          };
      if (interval.compareTo(ScanSettings.SHORTEST) >= 0
          && interval.compareTo(ScanSettings.LONGEST) <= 0) {
        return interval;
      }
    }
    throw RefusedException.usage(
        "--scan-interval must be off, or 1m to 366d such as 12h, 7d or 2w, not '" + text + "'");
  }
}
