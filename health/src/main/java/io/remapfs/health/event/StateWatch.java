package io.remapfs.health.event;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;

/**
 * Says when the disk's state is another than at the last look. Where it is not healthy at the
 * mount, that is told too: whoever is to be told may not have been there when it changed. Used by
 * one thread.
 */
public final class StateWatch {
  private EngineState told = EngineState.HEALTHY;
  private boolean looked;

  /** Compares the state with the one that was told last. */
  public void look(EngineStatus status, EventLog events) {
    EngineState now = status.state();
    if (now != told) {
      String change = looked ? "the state changed from " + told + " to " : "the state is ";
      String reason = status.reason().isEmpty() ? "" : ": " + status.reason();
      events.publish(EventKind.STATE_CHANGED, change + now + reason);
      told = now;
    }
    looked = true;
  }
}
