package io.remapfs.mount.cli;

import java.io.PrintWriter;
import java.util.List;

/**
 * The terminal's second screen, for something that is drawn again and again: only lines that
 * changed are sent. Closing it, or the end of the program (Ctrl-C), gives the first screen back as
 * it was.
 *
 * <p>Used by one thread; the JVM's end comes on another.
 */
final class LiveScreen implements AutoCloseable {
  private static final String ESCAPE = "\u001b[";
  private static final String ENTER = ESCAPE + "?1049h" + ESCAPE + "?25l";
  private static final String LEAVE = ESCAPE + "0m" + ESCAPE + "?25h" + ESCAPE + "?1049l";
  private static final String CLEAR = ESCAPE + "2J";
  private static final String CLEAR_TO_END_OF_LINE = ESCAPE + "K";

  private final PrintWriter out;
  private final Thread atEnd = new Thread(this::leave, "remapfs-screen");
  private List<String> shown = List.of();
  private Terminal.Size size = new Terminal.Size(0, 0);
  private boolean left;

  LiveScreen(PrintWriter out) {
    this.out = out;
    Runtime.getRuntime().addShutdownHook(atEnd);
    synchronized (this) {
      out.print(ENTER);
    }
  }

  /** Shows lines instead of those before. */
  synchronized void show(List<String> lines, Terminal.Size now) {
    if (left) {
      return;
    }
    StringBuilder text = new StringBuilder();
    if (!now.equals(size)) {
      text.append(CLEAR);
      shown = List.of();
      size = now;
    }
    int rows = Math.min(Math.max(lines.size(), shown.size()), now.lines());
    for (int row = 0; row < rows; row++) {
      String line = row < lines.size() ? lines.get(row) : "";
      if (row >= shown.size() || !line.equals(shown.get(row))) {
        text.append(ESCAPE).append(row + 1).append(";1H").append(line);
        text.append(CLEAR_TO_END_OF_LINE);
      }
    }
    shown = List.copyOf(lines);
    out.print(text);
    out.flush();
  }

  private synchronized void leave() {
    if (!left) {
      left = true;
      out.print(LEAVE);
      out.flush();
    }
  }

  @Override
  public void close() {
    leave();
    try {
      Runtime.getRuntime().removeShutdownHook(atEnd);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook has found nothing left to do.
    }
  }
}
