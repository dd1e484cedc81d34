package io.remapfs.engine.metadata;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A spare's place in its set. A set has up to {@value #MAX_MEMBERS} spares; slot numbers run on
 * through them. The one that was added last, the <em>head</em>, holds the metadata in force; the
 * others only hold slots, and name their successor.
 *
 * @param memberUuid names this spare; the set's first spare is named as the set is
 * @param firstSlot the number of its first slot
 * @param olderSlots slots of the spares that were in the set when it was added: its checkpoints
 *     have room for them
 * @param older the spares before it that still hold slots, oldest first
 * @param successor the spare that was added after it, or null for the newest
 * @param inForce that its predecessor named it as successor is known to be durable
 * @param retired nothing in it is needed any more
 */
public record Membership(
    UUID memberUuid,
    long firstSlot,
    long olderSlots,
    List<OlderMember> older,
    @Nullable Successor successor,
    boolean inForce,
    boolean retired) {

  /** The most spares that a set can have at a time. */
  public static final int MAX_MEMBERS = 8;

  /** The longest path that a superblock can name, in bytes of UTF-8. */
  public static final int MAX_PATH_HINT_BYTES = MembershipFormat.MAX_HINT_BYTES;

  /**
   * A spare that was in the set before.
   *
   * @param memberUuid its name
   * @param firstSlot the number of its first slot
   * @param slotCount its slots
   * @param sizeBytes its size at format
   * @param ringBlocks the length of its journal rings
   * @param olderSlots see {@link Membership#olderSlots}
   * @param pathHint where it was
   */
  public record OlderMember(
      UUID memberUuid,
      long firstSlot,
      long slotCount,
      long sizeBytes,
      int ringBlocks,
      long olderSlots,
      String pathHint) {}

  /**
   * The spare that was added after another.
   *
   * @param memberUuid its name
   * @param pathHint where it was
   */
  public record Successor(UUID memberUuid, String pathHint) {}

  public Membership {
    older = List.copyOf(older);
  }

  /** The place of the only spare of a set. */
  static Membership ofOnlyMember(UUID setUuid) {
    return new Membership(setUuid, 0, 0, List.of(), null, false, false);
  }

  /** Whether there never was another spare in the set. */
  public boolean isOnlyMember() {
    return firstSlot == 0 && older.isEmpty() && successor == null && !retired;
  }

  /**
   * Whether it must be asked of the spare before it whether this one came into force: adding it may
   * have been cut short.
   */
  boolean needsConfirmation() {
    return !older.isEmpty() && !inForce;
  }

  Membership withSuccessor(Successor added) {
    return new Membership(memberUuid, firstSlot, olderSlots, older, added, inForce, retired);
  }

  Membership withOlder(List<OlderMember> left) {
    return new Membership(memberUuid, firstSlot, olderSlots, left, successor, true, retired);
  }

  Membership confirmed() {
    return withOlder(older);
  }

  Membership asRetired(Successor head) {
    return new Membership(memberUuid, firstSlot, olderSlots, older, head, inForce, true);
  }
}
