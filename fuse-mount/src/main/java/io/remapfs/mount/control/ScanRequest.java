package io.remapfs.mount.control;

import io.remapfs.health.scan.ScanLimits;
import io.remapfs.health.scan.ScanMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done about scanning, as the words {@code start [mode=MODE] [rate=BYTES]
 * [cpu=PERCENT]}, {@code pause}, {@code resume}, {@code stop} or {@code status} of a command.
 *
 * @param action what
 * @param mode of a tour that is to start
 * @param bytesPerSecond its limit, or 0 for the mount's
 * @param cpuPercent its limit, or 0 for the mount's
 */
public record ScanRequest(Action action, ScanMode mode, long bytesPerSecond, int cpuPercent) {
  static final String USAGE =
      "scan start [mode=full|errors|neighbours|risk] [rate=BYTES] [cpu=PERCENT], or scan"
          + " pause|resume|stop|status";

  /** What can be done. */
  public enum Action {
    START,
    PAUSE,
    RESUME,
    STOP,
    STATUS;

    /** As commands have it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A request that is about the tour there is. */
  public static ScanRequest of(Action action) {
    return new ScanRequest(action, ScanMode.FULL, 0, 0);
  }

  /** The limits of a tour, where {@code mount} are those of the mount. */
  public ScanLimits limits(ScanLimits mount) {
    return new ScanLimits(
        bytesPerSecond == 0 ? mount.bytesPerSecond() : bytesPerSecond,
        cpuPercent == 0 ? mount.cpuPercent() : cpuPercent);
  }

  /** The words, for a command. */
  public String toWords() {
    return action.word()
        + (action == Action.START ? " mode=" + mode.word() : "")
        + (bytesPerSecond > 0 ? " rate=" + bytesPerSecond : "")
        + (cpuPercent > 0 ? " cpu=" + cpuPercent : "");
  }

  /** Reads the words from index 1 on. */
  static ScanRequest parse(String[] words) throws ControlSyntaxException {
    Action action = words.length < 2 ? null : action(words[1]);
    if (action == null) {
      throw new ControlSyntaxException(
          (words.length < 2
                  ? "scan was given no word"
                  : "scan cannot " + ControlParser.quote(words[1]))
              + "; write it as: "
              + USAGE);
    }
    ScanMode mode = null;
    long rate = 0;
    int cpu = 0;
    for (int i = 2; i < words.length; i++) {
      String word = words[i];
      if (action == Action.START && word.startsWith("mode=") && mode == null) {
        mode = mode(word.substring(5));
      } else if (action == Action.START && word.startsWith("rate=") && rate == 0) {
        rate =
            ControlParser.number(
                word.substring(5), "the rate", ScanLimits.MIN_RATE, ScanLimits.MAX_RATE);
      } else if (action == Action.START && word.startsWith("cpu=") && cpu == 0) {
        cpu =
            (int)
                ControlParser.number(
                    word.substring(4), "the percentage", ScanLimits.MIN_CPU, ScanLimits.MAX_CPU);
      } else {
        throw new ControlSyntaxException(
            "scan "
                + action.word()
                + " does not understand "
                + ControlParser.quote(word)
                + "; write it as: "
                + USAGE);
      }
    }
    return new ScanRequest(action, mode == null ? ScanMode.FULL : mode, rate, cpu);
  }

  private static @Nullable Action action(String word) {
    for (Action each : Action.values()) {
      if (each.word().equals(word)) {
        return each;
      }
    }
    return null;
  }

  private static ScanMode mode(String word) throws ControlSyntaxException {
    return ScanMode.named(word)
        .orElseThrow(
            () ->
                new ControlSyntaxException(
                    "the mode must be full, errors, neighbours or risk, not "
                        + ControlParser.quote(word)));
  }
}
