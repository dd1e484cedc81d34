package io.remapfs.health;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineStatus;

/**
 * Says when the spare's slots run low: once for each level, and again after more were added and
 * used up. Used by one thread.
 */
public final class SpareLevel {
  /** Percents of the slots in use at which somebody should think of a second spare. */
  private static final int[] LEVELS = {80, 95};

  private int told;

  /** Whether slots are so few that the user should be told. */
  static boolean isLow(EngineStatus status) {
    return usedPercent(status) >= LEVELS[0];
  }

  /** Slots in use, of a hundred; rounded down. */
  static int usedPercent(EngineStatus status) {
    return (int) (status.spareUsed() * 100 / Math.max(1, status.spareSlots()));
  }

  /** Compares the level with the one that was told last. */
  public void look(EngineStatus status, EngineListener listener) {
    int used = usedPercent(status);
    int reached = 0;
    for (int level : LEVELS) {
      reached = used >= level ? level : reached;
    }
    if (reached > told) {
      String message =
          used + " % of the spare's slots are used; add another one with: remapfs add-spare";
      listener.onEvent(new EngineEvent(EngineEvent.Kind.SPARE_LOW, -1, -1, message));
    }
    told = reached;
  }
}
