package io.remapfs.health.event;

import io.remapfs.engine.EngineStatus;

/**
 * Says when the spare's slots run low: once for each level, and again after more were added and
 * used up. Used by one thread.
 */
public final class SpareLevel {
  /** Percents of the slots in use at which somebody is told. */
  private static final int[] LEVELS = {50, 80, 95};

  /** Percent of the slots in use at which somebody should add a spare. */
  private static final int LOW = 80;

  private int told;

  /**
   * Starts with what is known.
   *
   * @param usedPercent what was in use when somebody was told last; 0 for a new disk
   */
  public SpareLevel(int usedPercent) {
    told = levelOf(usedPercent);
  }

  /** Whether slots are so few that the user should be told. */
  public static boolean isLow(EngineStatus status) {
    return usedPercent(status) >= LOW;
  }

  /** Slots in use, of a hundred; rounded down. */
  public static int usedPercent(EngineStatus status) {
    return usedPercent(status.spareUsed(), status.spareSlots());
  }

  static int usedPercent(long used, long slots) {
    return (int) Math.min(100, used * 100 / Math.max(1, slots));
  }

  /** The highest level that is reached; 0 for none. */
  static int levelOf(int usedPercent) {
    int reached = 0;
    for (int level : LEVELS) {
      reached = usedPercent >= level ? level : reached;
    }
    return reached;
  }

  /** Compares the level with the one that was told last. */
  public void look(EngineStatus status, EventLog events) {
    int used = usedPercent(status);
    int reached = levelOf(used);
    if (reached > told) {
      events.publish(
          EventKind.SPARE_LOW,
          used + " % of the spare's slots are used; add another one with: remapfs add-spare");
    }
    told = reached;
  }
}
