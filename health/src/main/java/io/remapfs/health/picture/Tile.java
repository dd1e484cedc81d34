package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import java.util.Locale;

/**
 * How a state looks in pictures: a square of ten units with a colour and a sign, so that no state
 * is told by its colour alone. The colours are in {@code picture.css}: those of Okabe and Ito
 * ("Color Universal Design", 2008), with the frequent states toned down.
 */
final class Tile {
  /** A cell's width and height in the units of the map. */
  static final int UNITS = 10;

  private Tile() {}

  /** The part of a state's name in ids and classes. */
  static String name(CellState state) {
    return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The fill of everything in that state. */
  static String fill(CellState state) {
    return "url(#tile-" + name(state) + ")";
  }

  /** The definitions that {@link #fill} refers to; once in a document. */
  static String definitions() {
    StringBuilder text = new StringBuilder("<defs>");
    for (CellState each : CellState.values()) {
      text.append("<pattern id=\"tile-").append(name(each));
      text.append("\" width=\"10\" height=\"10\" patternUnits=\"userSpaceOnUse\">");
      text.append("<rect class=\"body-").append(name(each));
      text.append("\" x=\".6\" y=\".6\" width=\"8.8\" height=\"8.8\" rx=\"2\"/>");
      String sign = sign(each);
      if (!sign.isEmpty()) {
        text.append("<path class=\"sign sign-").append(name(each));
        text.append("\" d=\"").append(sign).append("\"/>");
      }
      text.append("</pattern>");
    }
    return text.append("</defs>").toString();
  }

  /** The sign's strokes; a stroke of no length is a round dot. */
  private static String sign(CellState state) {
    return switch (state) {
      case LOST -> "M3.1 3.1l3.8 3.8M6.9 3.1l-3.8 3.8";
      case MOVED -> "M5 5h0";
      case DANGER -> "M5 2.6v2.7M5 7.4h0";
      case AT_RISK -> "M2.4 5.6q1.3-2.2 2.6-.6t2.6-.6";
      case SLOW -> "M3 5h4";
      case SCANNED_LONG_AGO -> "M5 5h0";
      case SCANNED, NOT_SCANNED -> "";
    };
  }
}
