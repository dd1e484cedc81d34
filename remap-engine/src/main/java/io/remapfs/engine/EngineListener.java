package io.remapfs.engine;

/** Hears of the engine's events. */
@FunctionalInterface
public interface EngineListener {
  /** Hears nothing. */
  EngineListener NONE = event -> {};

  /**
   * Called on the thread that met the event, never on the path of a healthy request. Must return at
   * once, must not throw, and must not call the engine.
   */
  void onEvent(EngineEvent event);
}
