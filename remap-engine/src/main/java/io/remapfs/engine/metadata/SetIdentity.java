package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import org.jspecify.annotations.Nullable;

/**
 * Whether backing and spare are the two that were last used together, or copies of them that still
 * go together. Anything else would show moved blocks as they were at another time.
 *
 * <p><b>The rules.</b> A fingerprint of the last clean close that the backing does not match: it
 * was changed meanwhile. Both are others than the set recorded, after a clean close, and the
 * contents match: they were copied or moved together, and are recorded anew. Only one is another:
 * it is a copy, restored or replaced, and the other may have gone on without it. Either is another
 * and the set was in use: copied while it changed. What was not recorded (an older set) says
 * nothing; what is unknown now but was recorded counts as another.
 */
public final class SetIdentity implements RecoveredSet.Check {
  private final BlockDevice backing;
  private final boolean acceptChanged;
  private boolean copied;
  private boolean outdated;

  /**
   * A check of one set.
   *
   * @param acceptChanged the user made sure that they belong together
   */
  public SetIdentity(BlockDevice backing, boolean acceptChanged) {
    this.backing = backing;
    this.acceptChanged = acceptChanged;
  }

  @Override
  public void accept(RecoveredSet set) throws WrongSetException {
    Superblock recorded = set.superblock();
    boolean otherBacking = isOther(recorded.backing().deviceId(), backing.identity());
    boolean otherSpare = isOther(recorded.spareId(), set.spare().identity());
    outdated =
        !recorded.backing().deviceId().equals(backing.identity())
            || !recorded.spareId().equals(set.spare().identity());
    copied = otherBacking && otherSpare;
    if (acceptChanged) {
      return;
    }
    if (isChanged(set, otherBacking)) {
      throw new WrongSetException(
          backing.name()
              + " was changed since its last unmount, so its moved blocks may be out of date; if"
              + " you changed it, add --accept-changed, or format its spare anew");
    }
    if (copied ? !set.wasClean() : otherBacking || otherSpare) {
      throw new WrongSetException(refusal(set.spare().name(), otherBacking, otherSpare));
    }
  }

  private String refusal(String spare, boolean otherBacking, boolean otherSpare) {
    String pair = backing.name() + " and its spare " + spare;
    String reason;
    if (otherBacking && otherSpare) {
      reason =
          pair + " were copied or moved without being unmounted first, so they may not go together";
    } else if (otherBacking) {
      reason =
          backing.name()
              + " is not the one that the spare "
              + spare
              + " was last used with, but a copy of it, or restored, or moved alone; name the spare"
              + " that was copied with it";
    } else {
      reason =
          "the spare "
              + spare
              + " is not the one that "
              + backing.name()
              + " was last used with, but a copy of it, or restored, or moved alone; name the one"
              + " that it was last used with";
    }
    return reason + "; if you made sure that they belong together, add --accept-changed";
  }

  private boolean isChanged(RecoveredSet set, boolean otherBacking) {
    @Nullable Fingerprint then = set.cleanFingerprint();
    if (then == null) {
      return false;
    }
    Fingerprint now = Fingerprint.take(backing, set.table(), set.superblock().blockSizeBytes());
    // A copy was written when it was made; its contents alone count.
    return !now.matches(then) || (!otherBacking && !now.hasSameStampAs(then));
  }

  /** A set that did not tell partitions apart recorded the disk's number alone. */
  private static boolean isOther(String recorded, String present) {
    return !recorded.isEmpty()
        && !present.equals(recorded)
        && !present.startsWith(recorded + BlockDevice.FROM_BYTE);
  }

  /** Whether both were found to be copies. */
  public boolean isCopy() {
    return copied;
  }

  /**
   * Records the two as they are now, if that is not what is recorded. For a set that is open for
   * writing and was accepted by this check.
   *
   * @throws MetadataUnavailableException if it is not certain to be durable
   */
  public void record(MetadataStore store) throws MetadataUnavailableException {
    if (outdated) {
      store.rewriteSuperblock(
          superblock ->
              superblock
                  .withBacking(BackingIdentity.of(backing))
                  .withSpareId(store.spare().identity()));
      outdated = false;
    }
  }
}
