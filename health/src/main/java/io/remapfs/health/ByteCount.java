package io.remapfs.health;

import java.util.Locale;

/** Byte counts in words. */
public final class ByteCount {
  private static final String UNITS = "KMGTPE";

  private ByteCount() {}

  /** "67108864 (64.0 MiB)": exact for scripts, rounded for people; plain below 1 KiB. */
  public static String describe(long sizeBytes) {
    if (sizeBytes < 1024) {
      return Long.toString(sizeBytes);
    }
    double scaled = sizeBytes;
    int unit = -1;
    while (scaled >= 1024) {
      scaled /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%d (%.1f %ciB)", sizeBytes, scaled, UNITS.charAt(unit));
  }
}
