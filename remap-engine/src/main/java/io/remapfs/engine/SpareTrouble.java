package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import org.jspecify.annotations.Nullable;

/**
 * Errors of a spare that are not a slot's: it is full, gone, or takes no writes.
 *
 * <p>Where another spare of the set has unused slots, new blocks go there, and there is no trouble
 * but for the blocks that are in this one. Else:
 *
 * <p>While it is in trouble no slot is handed out, so that a request that is repeated does not use
 * one each time. What ends the trouble is a slot that nobody has, written and read back: the same
 * kind of place, in the same file system, as what failed. Housekeeping tries that, and so does the
 * next request that needs a slot, more and more seldom.
 *
 * <p>Thread-safe: state is guarded by this object's monitor, which covers the probe's I/O and is
 * entered on errors only; {@link #reason} is volatile.
 */
final class SpareTrouble {
  private final EngineContext context;
  private final ProbePace pace;
  private volatile @Nullable String reason;

  /** What is wrong with a spare that is passed over, if any is. */
  private volatile @Nullable String passedOver;

  SpareTrouble(EngineContext context, EngineClock clock) {
    this.context = context;
    this.pace = new ProbePace(clock);
  }

  /** Why the spare takes no new blocks just now; null while it does. */
  @Nullable String reason() {
    return reason;
  }

  /** Why new blocks pass a spare over, though others take them; null where none is. */
  @Nullable String passedOver() {
    return passedOver;
  }

  /**
   * Tells that the spare of a slot refused something for a reason that is not the slot's.
   *
   * @return whether another spare has slots, and is used from now on
   */
  boolean failed(long slot, String why) {
    SpareMember spare = context.pool.members().of(slot);
    String sentence = "the spare " + spare.device().name() + " refuses blocks: " + why;
    if (!context.pool.skipSpareOf(slot)) {
      failed(sentence);
      return false;
    }
    if (passedOver == null) {
      context.tell(Kind.SPARE_REFUSES, -1, slot, sentence + "; new ones go to the next spare");
    }
    passedOver = sentence;
    return true;
  }

  /** Tells that the spare refused something for a reason that is not the slot's. */
  synchronized void failed(String why) {
    boolean before = reason != null;
    String shortened = shortened();
    reason = shortened == null ? why : shortened;
    if (!before) {
      pace.failed();
      context.tell(Kind.EMERGENCY, -1, -1, "no block can be moved: " + reason);
    }
  }

  /** Whether a block may be moved; where the spare was in trouble, looks whether it still is. */
  boolean takesBlocks() {
    if (reason != null) {
      probe();
    }
    return reason == null;
  }

  /** Looks whether the spare is as long as it was, and whether a trouble is over. */
  void housekeeping() {
    if (reason != null) {
      probe();
    } else if (shortened() != null) {
      failed("it was cut short");
    }
  }

  private synchronized void probe() {
    if (reason == null || !pace.isDue()) {
      return;
    }
    String shortened = shortened();
    if (shortened != null) {
      reason = shortened;
      return;
    }
    if (answers(context.pool.members().head()) && (context.readOnly || takesAWrite())) {
      reason = null;
      pace.answered();
      context.tell(Kind.RESUMED, -1, -1, "the spare takes blocks again");
    }
  }

  private boolean takesAWrite() {
    IoBuffer buffer = context.blocks.acquire();
    try {
      return context.pool.takesAWrite(buffer);
    } finally {
      context.blocks.release(buffer);
    }
  }

  private @Nullable String shortened() {
    for (SpareMember each : context.pool.members().live()) {
      BlockDevice device = each.device();
      long present = device.presentSizeBytes();
      if (present < each.layout().spareSizeBytes()) {
        return "the spare " + DeviceErrors.cutShort(device.name(), present, device.sizeBytes());
      }
    }
    return null;
  }

  /** Whether the spare of a slot still answers somewhere, so that an error is the slot's own. */
  boolean answers(long slot) {
    return answers(context.pool.members().of(slot));
  }

  private boolean answers(SpareMember spare) {
    SpareLayout layout = spare.layout();
    IoBuffer buffer = context.blocks.acquire();
    try {
      return answersAt(spare.device(), 0, buffer)
          || answersAt(spare.device(), layout.slotByteOffset(0), buffer)
          || answersAt(spare.device(), layout.slotByteOffset(layout.slotCount() - 1), buffer);
    } finally {
      context.blocks.release(buffer);
    }
  }

  private boolean answersAt(BlockDevice spare, long byteOffset, IoBuffer buffer) {
    try {
      spare.read(byteOffset, buffer, 0, context.blockSizeBytes);
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }
}
