package io.remapfs.health.picture;

/** Text on its way into XML and HTML. */
final class Markup {
  private static final char REPLACEMENT = '\ufffd';

  private Markup() {}

  /**
   * Text that stays text in an element and in a quoted attribute, whatever it is: names of files
   * and messages come from anywhere. What XML does not allow, and what would turn the direction of
   * the text around it, is replaced.
   */
  static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); ) {
      int point = text.codePointAt(i);
      i += Character.charCount(point);
      switch (point) {
        case '&' -> safe.append("&amp;");
        case '<' -> safe.append("&lt;");
        case '>' -> safe.append("&gt;");
        case '"' -> safe.append("&quot;");
        case '\'' -> safe.append("&#39;");
        default -> safe.appendCodePoint(Words.isPlain(point) ? point : REPLACEMENT);
      }
    }
    return safe.toString();
  }
}
