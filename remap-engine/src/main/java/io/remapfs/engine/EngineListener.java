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

  /**
   * Called for each block of which a transfer failed by fault of the medium, whether or not its
   * contents were saved in the end: once a block a request, never for one that is already PENDING
   * and never for a healthy request. The same rules hold as for {@link #onEvent}.
   *
   * @param onWrite whether it was a write that failed
   * @param inSlot whether the block was in a slot of the spare, so that it was the spare's medium
   */
  default void onMediumError(long blockIndex, boolean onWrite, boolean inSlot) {}
}
