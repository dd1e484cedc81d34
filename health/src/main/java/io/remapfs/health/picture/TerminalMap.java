package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.Surface;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A picture as lines of a terminal, made for its size. With colours and UTF-8 a character holds two
 * cells, one above the other; where both are the same and bad, it has the state's letter too. In
 * plain ASCII a character is a cell, and is the state's letter.
 *
 * @param width of the terminal in characters
 * @param height of the terminal in lines; the map leaves one for the prompt
 * @param colours what it can show
 * @param utf8 whether it can show characters other than ASCII
 */
public record TerminalMap(int width, int height, TerminalColours colours, boolean utf8) {
  /** "100 % " has as many. */
  private static final int AXIS = 6;

  private static final int LEAST_WIDTH = 24;
  private static final int LEAST_ROWS = 2;
  private static final int WIDEST_CELL = 6;

  public TerminalMap {
    width = Math.max(LEAST_WIDTH, width);
  }

  /** The lines, none longer than the terminal is wide. */
  public List<String> render(DiskPicture picture) {
    List<String> head = head(picture);
    List<String> legend = legend();
    int rows = Math.max(LEAST_ROWS, height - head.size() - legend.size() - 4);
    Surface surface = picture.surface();
    List<String> lines = new ArrayList<>(head);
    lines.add("");
    int columns = width - AXIS;
    Surface.Grouped cells;
    if (surface.cells() <= columns) {
      cells = surface.grouped(columns);
      lines.add(axis(0) + wideCells(cells, columns));
    } else {
      cells = surface.grouped(columns * rows * (halves() ? 2 : 1));
      addRows(lines, cells, columns);
    }
    lines.add(colours.faint() + cut(scale(picture, cells)) + colours.reset());
    lines.addAll(legend);
    return utf8 ? lines : lines.stream().map(TerminalMap::ascii).toList();
  }

  private boolean halves() {
    return utf8 && colours != TerminalColours.NONE;
  }

  private List<String> head(DiskPicture picture) {
    StringBuilder facts = new StringBuilder("  ").append(plain(picture.state()));
    if (picture.verdict().score() >= 0) {
      facts.append("  score ").append(picture.verdict().score()).append(' ');
      facts.append(plain(picture.verdict().word()));
    }
    DiskPicture.@Nullable Scan scan = picture.scan();
    if (scan != null) {
      facts.append("  scan ").append(plain(scan.state())).append(' ');
      facts.append(Math.round(scan.percent())).append(" %");
    }
    String name = plain(Words.name(picture.backing()));
    name = Words.shortened(name, Math.max(12, width - facts.length()));
    List<String> lines = new ArrayList<>();
    int left = Math.max(0, width - name.length());
    lines.add(
        colours.bold()
            + name
            + colours.reset()
            + (facts.length() > left ? facts.substring(0, left) : facts));
    String why =
        picture.reason().isEmpty() ? Words.meaning(picture.state()) : plain(picture.reason());
    if (!why.isEmpty()) {
      lines.add(colours.faint() + cut(why) + colours.reset());
    }
    DiskPicture.Blocks blocks = picture.blocks();
    DiskPicture.Spare spare = picture.spare();
    lines.add(
        cut(
            Words.count(blocks.pending())
                + " lost, "
                + Words.count(blocks.remapped())
                + " moved, "
                + Words.count(blocks.salvaged())
                + " salvaged, "
                + Words.share(spare.used(), spare.slots())
                + " of the spare used"));
    return lines;
  }

  private static String scale(DiskPicture picture, Surface.Grouped cells) {
    long blocks = cells.blocksPerCell();
    return "a cell is "
        + Words.count(blocks, "block", "blocks")
        + " ("
        + Words.size(blocks * picture.image().blockSizeBytes())
        + ") of "
        + Words.size(picture.image().sizeBytes());
  }

  private static String axis(long percent) {
    return String.format("%3d %% ", percent);
  }

  /** Fewer cells than columns: one row, in which a cell takes several characters. */
  private String wideCells(Surface.Grouped cells, int columns) {
    int each = Math.min(WIDEST_CELL, columns / cells.cells());
    int drawn = each > 2 ? each - 1 : each;
    StringBuilder line = new StringBuilder();
    for (CellState state : cells.states()) {
      if (colours == TerminalColours.NONE) {
        line.append(String.valueOf(state.code()).repeat(drawn));
      } else {
        int before = (drawn - 1) / 2;
        line.append(colours.background(state)).append(colours.inkOn(state));
        line.append(" ".repeat(before)).append(state.code()).append(" ".repeat(drawn - 1 - before));
        line.append(colours.reset());
      }
      line.append(" ".repeat(each - drawn));
    }
    return line.toString().stripTrailing();
  }

  private void addRows(List<String> lines, Surface.Grouped cells, int columns) {
    List<CellState> states = cells.states();
    int perRow = halves() ? 2 * columns : columns;
    for (int first = 0; first < states.size(); first += perRow) {
      long percent = 100L * first / states.size();
      List<CellState> upper = part(states, first, columns);
      if (halves()) {
        lines.add(axis(percent) + halfBlocks(upper, part(states, first + columns, columns)));
      } else {
        lines.add(axis(percent) + letters(upper));
      }
    }
  }

  private static List<CellState> part(List<CellState> states, int from, int count) {
    int first = Math.min(from, states.size());
    return states.subList(first, Math.min(first + count, states.size()));
  }

  private String letters(List<CellState> states) {
    StringBuilder line = new StringBuilder();
    CellState before = null;
    for (CellState each : states) {
      if (each != before) {
        line.append(colours.background(each)).append(colours.inkOn(each));
        before = each;
      }
      line.append(each.code());
    }
    return line.append(colours.reset()).toString();
  }

  private String halfBlocks(List<CellState> upper, List<CellState> lower) {
    StringBuilder line = new StringBuilder();
    String before = "";
    for (int i = 0; i < upper.size(); i++) {
      CellState above = upper.get(i);
      CellState below = i < lower.size() ? lower.get(i) : null;
      boolean lettered = above == below && above.compareTo(CellState.SLOW) >= 0;
      String style =
          below == null
              ? colours.reset() + colours.foreground(above)
              : lettered
                  ? colours.background(above) + colours.inkOn(above)
                  : colours.foreground(above) + colours.background(below);
      if (!style.equals(before)) {
        line.append(style);
        before = style;
      }
      line.append(lettered ? above.code() : '\u2580');
    }
    return line.append(colours.reset()).toString();
  }

  private List<String> legend() {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    int used = 0;
    CellState[] states = CellState.values();
    for (int i = states.length - 1; i >= 0; i--) {
      int needed = states[i].label().length() + (colours == TerminalColours.NONE ? 2 : 4);
      if (used > 0 && used + 2 + needed > width) {
        lines.add(line.toString());
        line.setLength(0);
        used = 0;
      }
      line.append(used > 0 ? "  " : "");
      used += needed + (used > 0 ? 2 : 0);
      if (colours == TerminalColours.NONE) {
        line.append(states[i].code());
      } else {
        line.append(colours.background(states[i])).append(colours.inkOn(states[i]));
        line.append(' ').append(states[i].code()).append(' ').append(colours.reset());
      }
      line.append(' ').append(states[i].label());
    }
    lines.add(line.toString());
    return lines;
  }

  private String cut(String text) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "…";
  }

  private static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints().forEach(point -> plain.appendCodePoint(Words.isPlain(point) ? point : '?'));
    return plain.toString();
  }

  /** The commands to the terminal are ASCII, and stay. */
  private static String ascii(String line) {
    StringBuilder ascii = new StringBuilder(line.length());
    line.codePoints()
        .forEach(
            point ->
                ascii.append(
                    point < 0x80
                        ? (char) point
                        : point == 0x202f ? ' ' : point == '…' ? '~' : '?'));
    return ascii.toString();
  }
}
