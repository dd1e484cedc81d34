package io.remapfs.health.event;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Counts the events that say the same: those of one kind whose messages differ in numbers only. It
 * decides which are worth a line of the log, and which of a burst are folded into one.
 *
 * <p>Invariants: at most {@value #MAX_DISTINCT} messages are counted apart, later ones with their
 * kind; of each at most {@value #APART_IN_A_TURN} events in a turn stand for themselves. Guarded by
 * its owner's lock.
 */
final class DistinctEvents {
  /**
   * The number of distinct messages that are counted apart; later ones share their kind's count.
   */
  static final int MAX_DISTINCT = 256;

  /**
   * The events of one message that are kept apart in one turn, about a second. More than a scan
   * finds with its retries, and few enough that a burst leaves room for what else happened.
   */
  static final int APART_IN_A_TURN = 256;

  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  /** What is to be logged: an event, and how many like it there were. */
  record Line(DiskEvent event, long count) {}

  /** Events of one turn that were counted only. */
  record Folded(EventKind kind, String message) {}

  private static final class Same {
    private DiskEvent latest;
    private long count;
    private long loggedCount;
    private long countInTurn;
    private @Nullable BlockSpans folded;

    Same(DiskEvent latest) {
      this.latest = latest;
    }
  }

  private final Map<String, Same> all = new LinkedHashMap<>();
  private boolean changed;
  private boolean burst;

  /** Counts an event; false if it is only counted, and {@link #endTurn} tells of it. */
  boolean countAndStandsApart(DiskEvent event) {
    String key = event.kind() + " " + DIGITS.matcher(event.message()).replaceAll("#");
    Same same = all.get(key);
    if (same == null) {
      String kept = all.size() < MAX_DISTINCT ? key : event.kind().name();
      same = all.computeIfAbsent(kept, absent -> new Same(event));
    }
    same.latest = event;
    same.count++;
    changed = true;
    if (++same.countInTurn <= APART_IN_A_TURN) {
      return true;
    }
    burst = true;
    BlockSpans blocks = same.folded == null ? new BlockSpans() : same.folded;
    blocks.add(event.blockIndex());
    same.folded = blocks;
    return false;
  }

  /** Begins a new turn and tells what was only counted in the last one. */
  List<Folded> endTurn() {
    if (!changed) {
      return List.of();
    }
    List<Folded> folded = new ArrayList<>();
    for (Same each : all.values()) {
      BlockSpans blocks = burst ? each.folded : null;
      if (blocks != null) {
        long count = each.countInTurn - APART_IN_A_TURN;
        folded.add(
            new Folded(
                each.latest.kind(), count + " more such events, not listed one by one" + blocks));
        each.folded = null;
      }
      each.countInTurn = 0;
    }
    burst = false;
    return folded;
  }

  /** Those that are new, or whose count has grown {@code factor}-fold since they were logged. */
  List<Line> grownBy(int factor) {
    if (!changed && factor > 1) {
      return List.of();
    }
    changed = false;
    List<Line> lines = new ArrayList<>();
    for (Same each : all.values()) {
      if (each.count > each.loggedCount && each.count >= each.loggedCount * factor) {
        lines.add(new Line(each.latest, each.count));
        each.loggedCount = each.count;
      }
    }
    return lines;
  }
}
