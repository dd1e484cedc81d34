package io.remapfs.health.event;

import io.remapfs.engine.EngineStatus;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * Looks at the engine's figures once a second, for what no single event says: another state, a
 * spare that runs low, and the history. Used by one thread at a time.
 */
public final class DiskWatch {
  private final Supplier<EngineStatus> engine;
  private final EventLog events;
  private final History history;
  private final IntSupplier score;
  private final StateWatch state = new StateWatch();
  private final SpareLevel spare;
  private boolean looked;

  /**
   * Goes on where the history ends.
   *
   * @param score the disk's health, 0 to 1000, or -1 where it is not known
   */
  public DiskWatch(
      Supplier<EngineStatus> engine, EventLog events, History history, IntSupplier score) {
    this.engine = engine;
    this.events = events;
    this.history = history;
    this.score = score;
    this.spare = new SpareLevel(history.lastSpareUsedPercent());
  }

  /** Tells what is new. */
  public void look() {
    EngineStatus status = engine.get();
    state.look(status, events);
    spare.look(status, events);
    history.look(status, score.getAsInt());
    looked = true;
  }

  /** Adds the mount's last figures to the history, unless nothing was served. */
  public void finish() {
    if (looked) {
      history.finish(engine.get(), score.getAsInt());
    }
  }
}
