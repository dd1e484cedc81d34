package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.Surface;
import java.util.List;

/**
 * The surface as rows of tiles, read like a page: from left to right, then the next row.
 *
 * @param cells what is drawn
 * @param columns cells in a row
 */
record SurfaceDrawing(Surface.Grouped cells, int columns) {
  private static final int LEAST_ROWS_WITH_AXIS = 8;
  private static final int LARGEST_CELL_PIXELS = 40;

  /**
   * For a surface.
   *
   * @param mostColumns of cells
   * @param mostRows of cells
   */
  static SurfaceDrawing of(Surface surface, int mostColumns, int mostRows) {
    Surface.Grouped cells = surface.grouped(mostColumns * mostRows);
    // Few cells make a broad strip of large ones rather than one row of tiny ones.
    int wanted = (int) Math.ceil(Math.sqrt(3.0 * cells.cells()));
    return new SurfaceDrawing(cells, Math.max(1, Math.min(mostColumns, wanted)));
  }

  int rows() {
    return (cells.cells() + columns - 1) / columns;
  }

  /** Room for the percents on the left, in units; none where a few rows need no percents. */
  int margin() {
    return rows() < LEAST_ROWS_WITH_AXIS ? 0 : 46;
  }

  int widthUnits() {
    return margin() + columns * Tile.UNITS;
  }

  int heightUnits() {
    return rows() * Tile.UNITS;
  }

  /** The greatest width at which it still looks like a map, in pixels. */
  int mostPixels() {
    return widthUnits() * LARGEST_CELL_PIXELS / Tile.UNITS;
  }

  /** The tiles and the percents, in units from (0, 0). */
  String markup() {
    StringBuilder text = new StringBuilder(1 << 14);
    axis(text);
    text.append("<g transform=\"translate(").append(margin()).append(" 0)\">");
    List<CellState> states = cells.states();
    for (CellState each : CellState.values()) {
      long count = states.stream().filter(state -> state == each).count();
      if (count > 0) {
        text.append("<path fill=\"").append(Tile.fill(each)).append("\" d=\"");
        appendRuns(text, states, each);
        text.append("\"><title>").append(each.label()).append(": ");
        text.append(Words.count(count, "square", "squares")).append("</title></path>");
      }
    }
    return text.append("</g>").toString();
  }

  /** Neighbours in a row are one rectangle: a healthy disk is a handful of them. */
  private void appendRuns(StringBuilder text, List<CellState> states, CellState wanted) {
    for (int cell = 0; cell < states.size(); ) {
      if (states.get(cell) != wanted) {
        cell++;
        continue;
      }
      int start = cell;
      int rowEnd = Math.min(states.size(), (cell / columns + 1) * columns);
      while (cell < rowEnd && states.get(cell) == wanted) {
        cell++;
      }
      int width = (cell - start) * Tile.UNITS;
      text.append('M').append(start % columns * Tile.UNITS);
      text.append(' ').append(start / columns * Tile.UNITS);
      text.append('h').append(width).append("v10h-").append(width).append('z');
    }
  }

  /** Percents at the height where they are reached. */
  private void axis(StringBuilder text) {
    if (margin() == 0) {
      return;
    }
    int steps = rows() >= 20 ? 10 : 4;
    for (int step = 0; step < steps; step++) {
      double y = 8.6 + (double) heightUnits() * step / steps;
      Chart.text(text, "axis", "end", margin() - 8, y, 100 * step / steps + " %");
    }
  }
}
