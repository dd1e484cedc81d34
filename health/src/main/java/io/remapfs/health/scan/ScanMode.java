package io.remapfs.health.scan;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a tour visits, and in which order. */
public enum ScanMode {
  /** Every block, from the first to the last. */
  FULL(0),
  /** Only regions in which something has happened, in ascending order. */
  ERRORS(1),
  /** Only regions with bad blocks and those beside them, in ascending order. */
  NEIGHBOURS(2),
  /** Regions in which something has happened, the riskiest first; then all, oldest look first. */
  RISK(3);

  private final int code;

  ScanMode(int code) {
    this.code = code;
  }

  /** The number under which it is stored. */
  int code() {
    return code;
  }

  /** The reverse of {@link #code}. */
  static ScanMode ofCode(int code) {
    return Arrays.stream(values())
        .filter(each -> each.code == code)
        .findFirst()
        .orElseThrow(IllegalArgumentException::new);
  }

  /** The mode that a word means. */
  public static Optional<ScanMode> named(String word) {
    return Arrays.stream(values()).filter(each -> each.word().equals(word)).findFirst();
  }

  /** As commands and reports have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
