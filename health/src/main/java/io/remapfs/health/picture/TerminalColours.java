package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import java.util.Map;

/** What a terminal can show. */
public enum TerminalColours {
  /** Characters of ASCII only. */
  NONE,
  /** The 256 colours of xterm. */
  PALETTE,
  /** 24 bits. */
  TRUE;

  private static final String ESCAPE = "\u001b[";

  /** Ends all that the others begin. */
  static final String RESET = ESCAPE + "0m";

  /**
   * Chooses by what terminals say of themselves.
   *
   * @param environment of the process
   */
  public static TerminalColours of(Map<String, String> environment) {
    if (!environment.getOrDefault("NO_COLOR", "").isEmpty()) {
      return NONE;
    }
    String announced = environment.getOrDefault("COLORTERM", "");
    if (announced.equals("truecolor") || announced.equals("24bit")) {
      return TRUE;
    }
    return environment.getOrDefault("TERM", "").contains("256color") ? PALETTE : NONE;
  }

  String foreground(CellState state) {
    return colour(38, state);
  }

  String background(CellState state) {
    return colour(48, state);
  }

  /** Writing that can be read on the state's background. */
  String inkOn(CellState state) {
    boolean dark =
        switch (state) {
          case DANGER, AT_RISK, SLOW -> true;
          default -> false;
        };
    return this == NONE ? "" : ESCAPE + (dark ? "38;5;16m" : "38;5;231m");
  }

  String bold() {
    return this == NONE ? "" : ESCAPE + "1m";
  }

  String faint() {
    return this == NONE ? "" : ESCAPE + "2m";
  }

  String reset() {
    return this == NONE ? "" : RESET;
  }

  /** The pictures' colours on dark ground, which also stand out from white. */
  private String colour(int layer, CellState state) {
    return switch (this) {
      case NONE -> "";
      case PALETTE -> ESCAPE + layer + ";5;" + palette(state) + "m";
      case TRUE -> {
        int rgb = rgb(state);
        yield ESCAPE
            + layer
            + ";2;"
            + (rgb >> 16)
            + ";"
            + (rgb >> 8 & 255)
            + ";"
            + (rgb & 255)
            + "m";
      }
    };
  }

  private static int rgb(CellState state) {
    return switch (state) {
      case LOST -> 0xe8590c;
      case MOVED -> 0x2a7fc0;
      case DANGER -> 0xe69f00;
      case AT_RISK -> 0xf0e442;
      case SLOW -> 0xcc79a7;
      case NOT_SCANNED -> 0x59616b;
      case SCANNED_LONG_AGO -> 0x2b5648;
      case SCANNED -> 0x22876a;
    };
  }

  private static int palette(CellState state) {
    return switch (state) {
      case LOST -> 202;
      case MOVED -> 32;
      case DANGER -> 214;
      case AT_RISK -> 227;
      case SLOW -> 175;
      case NOT_SCANNED -> 240;
      case SCANNED_LONG_AGO -> 23;
      case SCANNED -> 36;
    };
  }
}
