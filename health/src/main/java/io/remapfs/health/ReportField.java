package io.remapfs.health;

/**
 * One fact of a report in both of its forms.
 *
 * @param path the JSON path of at most two parts, such as {@code blocks.pending}
 * @param label the key in text, such as {@code blocks pending}; "" for what only JSON has
 * @param value a String, a Boolean, a Long, an Integer, or a List of Maps of these
 * @param text the value in text
 */
public record ReportField(String path, String label, Object value, String text) {
  /** A fact that is said as it is. */
  public static ReportField of(String path, String label, Object value) {
    return new ReportField(path, label, value, String.valueOf(value));
  }

  /** A size. */
  public static ReportField bytes(String path, String label, long sizeBytes) {
    return new ReportField(path, label, sizeBytes, ByteCount.describe(sizeBytes));
  }
}
