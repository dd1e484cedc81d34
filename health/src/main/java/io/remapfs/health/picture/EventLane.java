package io.remapfs.health.picture;

import io.remapfs.health.surface.CellState;

/** The rows of the timeline: what an event means to the owner of the data. */
enum EventLane {
  LOST("lost", CellState.LOST),
  MOVED("moved", CellState.MOVED),
  WARNINGS("warnings", CellState.DANGER),
  NOTES("notes", CellState.SCANNED);

  private final String label;
  private final CellState like;

  EventLane(String label, CellState like) {
    this.label = label;
    this.like = like;
  }

  String label() {
    return label;
  }

  /** The state whose tile marks the lane. */
  CellState like() {
    return like;
  }

  /**
   * The lane of an event by its kind (those of {@code health.event}, and of the engine). Kinds that
   * are not known, as from a newer version, are notes.
   */
  static EventLane of(String kind) {
    return switch (kind) {
      case "PENDING" -> LOST;
      case "REMAPPED", "SALVAGED", "UNMAPPED", "MIGRATED" -> MOVED;
      case "SLOT_BURNT",
          "SPARE_REFUSES",
          "SPARE_LOW",
          "SPARE_EXHAUSTED",
          "SUSPENDED",
          "EMERGENCY",
          "FLUSH_FAILED",
          "METADATA_COPY_LOST",
          "COPIED",
          "STATE_CHANGED",
          "PRESSURE",
          "FORECAST",
          "DRIVE",
          "HOOK_FAILED" ->
          WARNINGS;
      default -> NOTES;
    };
  }
}
