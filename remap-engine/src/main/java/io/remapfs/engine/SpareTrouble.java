package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Errors of the spare that are not a slot's: it is full, gone, or takes no writes.
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

  SpareTrouble(EngineContext context, EngineClock clock) {
    this.context = context;
    this.pace = new ProbePace(clock);
  }

  /** Why the spare takes no new blocks just now; null while it does. */
  @Nullable String reason() {
    return reason;
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
    if (answers() && (context.readOnly || takesAWrite())) {
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
    long present = context.spare.presentSizeBytes();
    return present >= context.metadata.superblock().spareSizeBytes()
        ? null
        : "the spare "
            + DeviceErrors.cutShort(context.spare.name(), present, context.spare.sizeBytes());
  }

  /** Whether the spare still answers somewhere, so that a slot's error is the slot's own. */
  boolean answers() {
    IoBuffer buffer = context.blocks.acquire();
    try {
      return answersAt(0, buffer)
          || answersAt(context.pool.layout().slotByteOffset(0), buffer)
          || answersAt(context.pool.layout().slotByteOffset(context.pool.slotCount() - 1), buffer);
    } finally {
      context.blocks.release(buffer);
    }
  }

  private boolean answersAt(long byteOffset, IoBuffer buffer) {
    try {
      context.spare.read(byteOffset, buffer, 0, context.blockSizeBytes);
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }
}
