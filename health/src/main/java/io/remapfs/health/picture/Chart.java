package io.remapfs.health.picture;

/**
 * A piece of a picture, drawn from (0, 0).
 *
 * @param title what it is, for those who do not see it
 * @param description what it shows, in a sentence
 * @param heightUnits its height; all are {@value #WIDTH} wide
 * @param markup SVG
 */
record Chart(String title, String description, int heightUnits, String markup) {
  static final int WIDTH = 400;

  /** One line of text at a place. */
  static void text(
      StringBuilder out, String classes, String anchor, double x, double y, String text) {
    out.append("<text class=\"").append(classes).append("\" text-anchor=\"").append(anchor);
    out.append("\" x=\"").append(number(x)).append("\" y=\"").append(number(y)).append("\">");
    out.append(Markup.escape(text)).append("</text>");
  }

  static void rectangle(
      StringBuilder out, String classes, double x, double y, double width, double height) {
    out.append("<rect class=\"").append(classes).append("\" x=\"").append(number(x));
    out.append("\" y=\"").append(number(y)).append("\" width=\"").append(number(width));
    out.append("\" height=\"").append(number(height)).append("\"/>");
  }

  static void line(StringBuilder out, String classes, double x, double y, String step) {
    out.append("<path class=\"").append(classes).append("\" d=\"M").append(number(x));
    out.append(' ').append(number(y)).append(step).append("\"/>");
  }

  /** Two decimals at most: pictures are kept and sent. */
  static String number(double value) {
    long hundredths = Math.round(value * 100);
    return hundredths % 100 == 0
        ? Long.toString(hundredths / 100)
        : Double.toString(hundredths / 100.0);
  }

  /** What is drawn where there is nothing to show. */
  static String empty(int heightUnits, String first, String second) {
    StringBuilder out = new StringBuilder();
    text(out, "empty", "middle", WIDTH / 2.0, heightUnits / 2.0 - 4, first);
    text(out, "empty", "middle", WIDTH / 2.0, heightUnits / 2.0 + 15, second);
    return out.toString();
  }
}
