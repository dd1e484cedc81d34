package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.spare.SpareLayout;

/**
 * Looks after the metadata in quiet moments: tells of copies that refused a write, brings them back
 * when they take writes again, and empties the journal so that a burst of bad blocks finds room.
 *
 * <p>For housekeeping's one thread.
 */
final class MetadataCare {
  /** The share of the journal that is filled when housekeeping empties it. */
  private static final double CHECKPOINT_FILL = 0.5;

  private final EngineContext context;
  private final MetadataStore metadata;
  private final ProbePace pace;
  private int toldCopies = SpareLayout.ZONES;
  private BlockDevice toldOf;

  MetadataCare(EngineContext context, EngineClock clock) {
    this.context = context;
    this.metadata = context.metadata;
    this.pace = new ProbePace(clock);
    this.toldOf = metadata.spare();
  }

  void housekeeping() {
    tellLostCopies();
    // A spare that takes no blocks would answer a checkpoint with an emergency that stays.
    if (context.readOnly || metadata.isUnavailable() || context.spareTrouble.reason() != null) {
      return;
    }
    try {
      restoreCopies();
      if (metadata.journalFill() >= CHECKPOINT_FILL) {
        metadata.checkpoint();
      }
    } catch (MetadataUnavailableException e) {
      context.metadataFailed(String.valueOf(e.getMessage()));
    }
  }

  private void tellLostCopies() {
    int copies = metadata.healthyCopies();
    toldCopies = toldOf == metadata.spare() ? toldCopies : SpareLayout.ZONES;
    toldOf = metadata.spare();
    if (copies < toldCopies && !metadata.isUnavailable()) {
      toldCopies = copies;
      pace.failed();
      String why = String.join("; ", metadata.lostCopies());
      context.tell(
          Kind.METADATA_COPY_LOST,
          -1,
          -1,
          copies + " of " + SpareLayout.ZONES + " copies of the metadata are left: " + why);
    }
  }

  private void restoreCopies() throws MetadataUnavailableException {
    if (metadata.healthyCopies() == SpareLayout.ZONES || !pace.isDue()) {
      return;
    }
    metadata.restoreLostCopies();
    int copies = metadata.healthyCopies();
    if (copies > toldCopies) {
      toldCopies = copies;
      pace.answered();
      context.tell(
          Kind.METADATA_REPAIRED,
          -1,
          -1,
          "a lost copy of the metadata was written anew: "
              + copies
              + " of "
              + SpareLayout.ZONES
              + " are whole");
    }
  }
}
