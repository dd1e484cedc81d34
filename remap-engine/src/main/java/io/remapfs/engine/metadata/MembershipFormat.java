package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.Membership.OlderMember;
import io.remapfs.engine.metadata.Membership.Successor;
import io.remapfs.engine.spare.SpareLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The bytes of a superblock that tell of several spares.
 *
 * <pre>
 *   1360 member UUID (0: the set's)      1392 successor's member UUID   1680 + 312 i: older member i
 *   1376 first slot                      1408 slots of older members        +0  member UUID
 *   1384 older members (u32): 0 to 7     1416 length of the path (u32)      +16 first slot
 *   1388 flags (u32): 1 in force,        1420 path of the successor,        +24 slots
 *        2 retired, 4 has a successor         UTF-8, at most 256            +32 size, bytes
 *                                                                           +40 its older slots
 *                                                                           +48 ring blocks (u32)
 *                                                                           +52 length (u32), +56 path
 * </pre>
 */
final class MembershipFormat {
  static final int MAX_HINT_BYTES = 256;

  private static final int MEMBER_AT = 1360;
  private static final int FIRST_SLOT_AT = 1376;
  private static final int OLDER_COUNT_AT = 1384;
  private static final int FLAGS_AT = 1388;
  private static final int SUCCESSOR_AT = 1392;
  private static final int OLDER_SLOTS_AT = 1408;
  private static final int SUCCESSOR_HINT_AT = 1416;
  private static final int OLDER_AT = 1680;
  private static final int OLDER_BYTES = 312;
  private static final int OLDER_FIRST_SLOT = 16;
  private static final int OLDER_SLOT_COUNT = 24;
  private static final int OLDER_SIZE = 32;
  private static final int OLDER_OLDER_SLOTS = 40;
  private static final int OLDER_RING = 48;
  private static final int OLDER_HINT = 52;
  private static final int MAX_OLDER = Membership.MAX_MEMBERS - 1;

  private static final int IN_FORCE = 1;
  private static final int RETIRED = 2;
  private static final int HAS_SUCCESSOR = 4;
  private static final int KNOWN_FLAGS = IN_FORCE | RETIRED | HAS_SUCCESSOR;

  private MembershipFormat() {}

  static void encode(Membership membership, ByteBuffer bytes, int at) {
    if (membership.older().size() > MAX_OLDER) {
      throw new IllegalArgumentException(membership.older().size() + " older spares");
    }
    putUuid(bytes, at + MEMBER_AT, membership.memberUuid());
    bytes.putLong(at + FIRST_SLOT_AT, membership.firstSlot());
    bytes.putInt(at + OLDER_COUNT_AT, membership.older().size());
    bytes.putLong(at + OLDER_SLOTS_AT, membership.olderSlots());
    Successor successor = membership.successor();
    bytes.putInt(
        at + FLAGS_AT,
        (membership.inForce() ? IN_FORCE : 0)
            | (membership.retired() ? RETIRED : 0)
            | (successor != null ? HAS_SUCCESSOR : 0));
    if (successor != null) {
      putUuid(bytes, at + SUCCESSOR_AT, successor.memberUuid());
      Text.put(bytes, at + SUCCESSOR_HINT_AT, successor.pathHint(), MAX_HINT_BYTES);
    }
    int olderAt = at + OLDER_AT;
    for (OlderMember each : membership.older()) {
      putUuid(bytes, olderAt, each.memberUuid());
      bytes.putLong(olderAt + OLDER_FIRST_SLOT, each.firstSlot());
      bytes.putLong(olderAt + OLDER_SLOT_COUNT, each.slotCount());
      bytes.putLong(olderAt + OLDER_SIZE, each.sizeBytes());
      bytes.putLong(olderAt + OLDER_OLDER_SLOTS, each.olderSlots());
      bytes.putInt(olderAt + OLDER_RING, each.ringBlocks());
      Text.put(bytes, olderAt + OLDER_HINT, each.pathHint(), MAX_HINT_BYTES);
      olderAt += OLDER_BYTES;
    }
  }

  /** Whether an intact superblock's membership is one that {@link #encode} wrote. */
  static boolean isSane(ByteBuffer bytes, int at) {
    int count = bytes.getInt(at + OLDER_COUNT_AT);
    int flags = bytes.getInt(at + FLAGS_AT);
    if (count < 0
        || count > MAX_OLDER
        || (flags & ~KNOWN_FLAGS) != 0
        || !Text.isSane(bytes, at + SUCCESSOR_HINT_AT, MAX_HINT_BYTES)) {
      return false;
    }
    long free = 0;
    long olderSlots = 0;
    for (int i = 0; i < count; i++) {
      int olderAt = at + OLDER_AT + i * OLDER_BYTES;
      long first = bytes.getLong(olderAt + OLDER_FIRST_SLOT);
      long slots = bytes.getLong(olderAt + OLDER_SLOT_COUNT);
      if (first < free
          || first > SpareLayout.MAX_SLOTS
          || slots < 1
          || slots > SpareLayout.MAX_SLOTS - first
          || !Text.isSane(bytes, olderAt + OLDER_HINT, MAX_HINT_BYTES)) {
        return false;
      }
      free = first + slots;
      olderSlots += slots;
    }
    long firstSlot = bytes.getLong(at + FIRST_SLOT_AT);
    long room = bytes.getLong(at + OLDER_SLOTS_AT);
    return firstSlot >= free
        && firstSlot <= SpareLayout.MAX_SLOTS
        && room >= olderSlots
        && room <= firstSlot;
  }

  /** Decodes what {@link #isSane}. */
  static Membership decode(UUID setUuid, ByteBuffer bytes, int at) {
    UUID member = uuid(bytes, at + MEMBER_AT);
    int flags = bytes.getInt(at + FLAGS_AT);
    List<OlderMember> older = new ArrayList<>();
    for (int i = 0; i < bytes.getInt(at + OLDER_COUNT_AT); i++) {
      int olderAt = at + OLDER_AT + i * OLDER_BYTES;
      older.add(
          new OlderMember(
              uuid(bytes, olderAt),
              bytes.getLong(olderAt + OLDER_FIRST_SLOT),
              bytes.getLong(olderAt + OLDER_SLOT_COUNT),
              bytes.getLong(olderAt + OLDER_SIZE),
              bytes.getInt(olderAt + OLDER_RING),
              bytes.getLong(olderAt + OLDER_OLDER_SLOTS),
              Text.get(bytes, olderAt + OLDER_HINT)));
    }
    Successor successor =
        (flags & HAS_SUCCESSOR) == 0
            ? null
            : new Successor(
                uuid(bytes, at + SUCCESSOR_AT), Text.get(bytes, at + SUCCESSOR_HINT_AT));
    return new Membership(
        member.equals(new UUID(0, 0)) ? setUuid : member,
        bytes.getLong(at + FIRST_SLOT_AT),
        bytes.getLong(at + OLDER_SLOTS_AT),
        older,
        successor,
        (flags & IN_FORCE) != 0,
        (flags & RETIRED) != 0);
  }

  private static void putUuid(ByteBuffer bytes, int at, UUID uuid) {
    bytes.putLong(at, uuid.getMostSignificantBits());
    bytes.putLong(at + 8, uuid.getLeastSignificantBits());
  }

  private static UUID uuid(ByteBuffer bytes, int at) {
    return new UUID(bytes.getLong(at), bytes.getLong(at + 8));
  }
}
