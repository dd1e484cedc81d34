package io.remapfs.health.picture;

import io.remapfs.health.surface.DiskPicture;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Numbers, times and names as people read them; the same on every machine. */
final class Words {
  private static final String UNITS = "KMGTPE";
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Words() {}

  /** "96 KiB", "1.8 TiB". */
  static String size(long bytes) {
    double scaled = bytes;
    int unit = -1;
    while (scaled >= 1024 && unit < UNITS.length() - 1) {
      scaled /= 1024;
      unit++;
    }
    if (unit < 0) {
      return bytes + " bytes";
    }
    String digits = String.format(Locale.ROOT, scaled < 10 ? "%.1f" : "%.0f", scaled);
    return (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits)
        + " "
        + UNITS.charAt(unit)
        + "iB";
  }

  /** "1 234 567", with narrow blanks that do not break. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number).replace(',', '\u202f');
  }

  /** "3 blocks", "1 block". */
  static String count(long number, String one, String many) {
    return count(number) + " " + (number == 1 ? one : many);
  }

  /** "0.9 %": more digits where there is less, never "0 %" of something. */
  static String share(long part, long whole) {
    if (whole <= 0 || part <= 0) {
      return "0 %";
    }
    double percent = 100.0 * part / whole;
    return percent < 0.1
        ? "< 0.1 %"
        : String.format(Locale.ROOT, percent < 10 ? "%.1f %%" : "%.0f %%", percent);
  }

  /** "420 µs", "12 ms", "1.5 s". */
  static String micros(long micros) {
    if (micros < 1000) {
      return micros + " µs";
    }
    return micros < 1_000_000
        ? threeDigits(micros / 1e3) + " ms"
        : threeDigits(micros / 1e6) + " s";
  }

  private static String threeDigits(double value) {
    String text = String.format(Locale.ROOT, value < 10 ? "%.1f" : "%.0f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  /** "2026-01-31 12:00" in UTC. */
  static String minute(Instant time) {
    return MINUTE.format(time);
  }

  /** "2026-01-31 12:00:07" in UTC. */
  static String second(Instant time) {
    return SECOND.format(time);
  }

  /**
   * Whether a character stands for itself wherever it is written: it commands no terminal, turns no
   * direction of the text around it, and XML allows it.
   */
  static boolean isPlain(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT, // directions, zero-width characters
          Character.SURROGATE, // half of a pair
          Character.UNASSIGNED, // U+FFFE and U+FFFF among them
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /** The end of a path. */
  static String name(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.isEmpty() ? path : name;
  }

  /**
   * At most so many characters; what is cut out is in the middle, since names differ at the end.
   */
  static String shortened(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int head = (most - 1) / 3;
    return text.substring(0, head) + "…" + text.substring(text.length() - (most - 1 - head));
  }

  /** Lines of at most so many characters, broken at blanks where there are any. */
  static List<String> wrapped(String text, int width, int mostLines) {
    List<String> lines = new ArrayList<>();
    String rest = text.strip();
    while (!rest.isEmpty() && lines.size() < mostLines) {
      if (rest.length() <= width) {
        lines.add(rest);
        return lines;
      }
      if (lines.size() == mostLines - 1) {
        lines.add(rest.substring(0, width - 1) + "…");
        return lines;
      }
      int blank = rest.lastIndexOf(' ', width);
      int end = blank > width / 2 ? blank : width;
      lines.add(rest.substring(0, end));
      rest = rest.substring(end).strip();
    }
    return lines;
  }

  /** What a state of the engine means to somebody who sees it for the first time. */
  static String meaning(String state) {
    return switch (state) {
      case "HEALTHY" -> "every known bad block has been moved to the spare";
      case "DEGRADED" -> "some data is lost, or a copy of the metadata is";
      case "EXHAUSTED" -> "no spare slot is left: new bad blocks cannot be moved";
      case "SUSPENDED" -> "the device does not answer, or takes no writes";
      case "EMERGENCY" -> "bad blocks cannot be recorded any more: copy the data off now";
      default -> "";
    };
  }

  /** The whole picture in a sentence, for those who do not see it. */
  static String summary(DiskPicture picture) {
    DiskPicture.Blocks blocks = picture.blocks();
    StringBuilder text = new StringBuilder();
    text.append(size(picture.image().sizeBytes())).append(" disk, state ").append(picture.state());
    if (picture.verdict().score() >= 0) {
      text.append(", score ").append(picture.verdict().score()).append(" of 1000");
    }
    text.append(": ").append(count(blocks.pending(), "block", "blocks")).append(" lost, ");
    text.append(count(blocks.remapped(), "block", "blocks")).append(" moved to the spare, of ");
    text.append(count(picture.surface().blockCount(), "block", "blocks")).append(".");
    DiskPicture.Spare spare = picture.spare();
    text.append(" Spare: ").append(count(spare.used())).append(" of ");
    text.append(count(spare.slots(), "slot", "slots")).append(" used.");
    return text.toString();
  }
}
