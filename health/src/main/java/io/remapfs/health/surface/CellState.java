package io.remapfs.health.surface;

import org.jspecify.annotations.Nullable;

/**
 * What a cell of the surface shows: the worst that is true of any block in it. From best to worst,
 * so that {@code compareTo} tells which of two is shown.
 */
public enum CellState {
  /** Every block was read within {@link SurfaceBuilder#RECENT}. */
  SCANNED('+', "scanned recently"),
  /** Every block was read by a scan, some of them longer ago. */
  SCANNED_LONG_AGO('-', "scanned long ago"),
  /** Some block was never read by a scan. */
  NOT_SCANNED('.', "not scanned yet"),
  /** Reads answered, but slowly. */
  SLOW('s', "slow"),
  /** The health record's verdict is "warn", or a failure is forecast here. */
  AT_RISK('~', "at risk"),
  /** The health record's verdict is "danger". */
  DANGER('!', "in danger"),
  /** Some block lives in the spare: safe, but its own place has failed. */
  MOVED('o', "moved to the spare"),
  /** The contents of some block are lost (pending). */
  LOST('X', "lost");

  private static final CellState[] VALUES = values();

  private final char code;
  private final String label;

  CellState(char code, String label) {
    this.code = code;
    this.label = label;
  }

  /** One ASCII character: in {@code health.json}, and in maps without colours. */
  public char code() {
    return code;
  }

  /** In words, for legends. */
  public String label() {
    return label;
  }

  /** The state of a character, or null. */
  public static @Nullable CellState of(char code) {
    for (CellState each : VALUES) {
      if (each.code == code) {
        return each;
      }
    }
    return null;
  }

  /** The worse of two. */
  public static CellState worse(CellState a, CellState b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
