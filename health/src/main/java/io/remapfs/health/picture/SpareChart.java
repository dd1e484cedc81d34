package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;

/** How much of the spare is used. */
final class SpareChart {
  private static final int HEIGHT = 74;
  private static final int BAR_TOP = 8;
  private static final int BAR_HEIGHT = 20;
  private static final int[] LEVELS = {50, 80, 95};

  private SpareChart() {}

  static Chart of(DiskPicture.Spare spare) {
    String said =
        Words.count(spare.used())
            + " of "
            + Words.count(spare.slots(), "slot", "slots")
            + " used ("
            + Words.share(spare.used(), spare.slots())
            + ")"
            + (spare.burnt() > 0 ? ", " + Words.count(spare.burnt()) + " of them burnt" : "");
    StringBuilder out = new StringBuilder();
    out.append("<rect class=\"trough\" x=\"0\" y=\"").append(BAR_TOP);
    out.append("\" width=\"400\" height=\"").append(BAR_HEIGHT).append("\" rx=\"3\"/>");
    double whole = Math.max(1, spare.slots());
    double used = Math.min(1, spare.used() / whole) * Chart.WIDTH;
    double burnt = Math.min(1, spare.burnt() / whole) * Chart.WIDTH;
    if (spare.used() > 0) {
      Chart.rectangle(
          out, "body-" + Tile.name(CellState.MOVED), 0, BAR_TOP, Math.max(2, used), BAR_HEIGHT);
    }
    if (spare.burnt() > 0) {
      Chart.rectangle(
          out,
          "body-" + Tile.name(CellState.LOST),
          0,
          BAR_TOP + BAR_HEIGHT - 6,
          Math.max(2, burnt),
          6);
    }
    for (int level : LEVELS) {
      double x = level * Chart.WIDTH / 100.0;
      Chart.line(out, "rule", x, BAR_TOP - 3, "v" + (BAR_HEIGHT + 7));
      Chart.text(
          out,
          "axis",
          level == 95 ? "end" : "middle",
          level == 95 ? Chart.WIDTH : x,
          46,
          level + " %");
    }
    Chart.text(out, "label", "start", 0, 68, said);
    return new Chart("Spare", said + ".", HEIGHT, out.toString());
  }
}
