package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.Membership.OlderMember;
import io.remapfs.engine.metadata.Membership.Successor;
import io.remapfs.engine.metadata.RecoveredState.DamagedBlock;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.spare.SpareMembers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The spares of a set, put together by what their superblocks say of each other, or why they are no
 * set. Reads only.
 *
 * <p>The head is the one without a successor. It names the older ones that still hold slots; each
 * must be there. Adding a spare is cut short before the older one names it as its successor, or
 * after; before, the older one is still the head, and the new one is refused.
 */
final class SpareSet {
  /** One spare; {@code damaged} are its superblocks that are to be written anew. */
  record Member(
      BlockDevice device,
      BlockReader reader,
      Superblock superblock,
      List<DamagedBlock> damaged,
      SpareLayout layout) {

    Membership place() {
      return superblock.membership();
    }

    UUID uuid() {
      return place().memberUuid();
    }

    SpareMember asMember() {
      return new SpareMember(device, layout, uuid());
    }
  }

  private final List<Member> given;
  private final Member head;
  private final List<Member> older = new ArrayList<>();

  private SpareSet(List<Member> given) throws MetadataException {
    this.given = given;
    requireOneSet();
    this.head = findHead();
    for (OlderMember each : head.place().older()) {
      older.add(find(each));
    }
    requireInForce(head);
  }

  /**
   * Puts a set together.
   *
   * @param devices its spares in any order
   * @throws MissingSpareException if one more is needed
   */
  static SpareSet of(List<BlockDevice> devices) throws MetadataException {
    List<Member> given = new ArrayList<>();
    for (BlockDevice each : devices) {
      given.add(read(each));
    }
    return new SpareSet(given);
  }

  private static Member read(BlockDevice device) throws MetadataException {
    BlockReader reader = new BlockReader(device);
    SuperblockReader.Found found = SuperblockReader.find(device, reader);
    Superblock superblock = found.superblock();
    SpareLayout layout = layoutOf(superblock, device);
    return new Member(device, reader, superblock, found.damaged(), layout);
  }

  private void requireOneSet() throws WrongSetException {
    for (int i = 1; i < given.size(); i++) {
      for (Member other : given.subList(0, i)) {
        String both =
            "the spares " + other.device().name() + " and " + given.get(i).device().name();
        if (!other.superblock().setUuid().equals(given.get(i).superblock().setUuid())) {
          throw new WrongSetException(both + " belong to different sets; name those of one set");
        }
        if (other.uuid().equals(given.get(i).uuid())) {
          throw new WrongSetException(both + " are copies of one spare; leave the older copy out");
        }
      }
    }
  }

  private Member findHead() throws MetadataException {
    List<Member> heads = given.stream().filter(each -> each.place().successor() == null).toList();
    if (heads.isEmpty()) {
      for (Member each : given) {
        Successor successor = each.place().successor();
        if (successor != null && find(successor.memberUuid()).isEmpty()) {
          throw missing(each, successor.memberUuid(), successor.pathHint());
        }
      }
      throw new CorruptMetadataException(
          RecoveryCase.SUPERBLOCKS_LOST, "the spares name each other as successors in a circle");
    }
    for (Member each : heads) {
      requireInForce(each);
    }
    if (heads.size() > 1) {
      throw new WrongSetException(
          "the spares "
              + heads.get(0).device().name()
              + " and "
              + heads.get(1).device().name()
              + " each hold metadata of the set that is in force; name the one that was used last");
    }
    return heads.get(0);
  }

  /** Refuses a spare whose adding was cut short before the one before it named it. */
  private void requireInForce(Member member) throws WrongSetException {
    if (!member.place().needsConfirmation()) {
      return;
    }
    List<OlderMember> before = member.place().older();
    OlderMember last = before.get(before.size() - 1);
    Optional<Member> predecessor = find(last.memberUuid());
    if (predecessor.isEmpty()) {
      return; // It is missing, and will be asked for.
    }
    Successor named = predecessor.get().place().successor();
    if (named == null || !named.memberUuid().equals(member.uuid())) {
      throw new WrongSetException(
          RecoveryCase.NEVER_ADDED,
          "the spare "
              + member.device().name()
              + " was about to be added to the set when that was cut short, and holds nothing; use "
              + predecessor.get().device().name()
              + ", and add the spare again if you like");
    }
  }

  private Member find(OlderMember named) throws MetadataException {
    Optional<Member> found = find(named.memberUuid());
    if (found.isEmpty()) {
      throw missing(head, named.memberUuid(), named.pathHint());
    }
    Member member = found.get();
    SpareLayout layout = member.layout();
    if (layout.firstSlot() != named.firstSlot()
        || layout.slotCount() != named.slotCount()
        || layout.spareSizeBytes() != named.sizeBytes()
        || member.superblock().blockSizeBytes() != head.superblock().blockSizeBytes()) {
      throw new CorruptMetadataException(
          RecoveryCase.SUPERBLOCKS_LOST,
          "the spare "
              + member.device().name()
              + " is not as "
              + head.device().name()
              + " knows it; nothing was changed, use copies of both made at one time");
    }
    return member;
  }

  private Optional<Member> find(UUID memberUuid) {
    return given.stream().filter(each -> each.uuid().equals(memberUuid)).findFirst();
  }

  private static MissingSpareException missing(Member by, UUID memberUuid, String pathHint) {
    return new MissingSpareException(
        memberUuid,
        pathHint,
        "the set of the spare "
            + by.device().name()
            + " has another spare, which was at "
            + pathHint
            + " and is needed as well; put it back there, or name it too");
  }

  static SpareLayout layoutOf(Superblock superblock, BlockDevice spare) throws MetadataException {
    if (superblock.spareSizeBytes() > spare.sizeBytes()) {
      throw new WrongSetException(
          "the spare "
              + spare.name()
              + " has shrunk from "
              + superblock.spareSizeBytes()
              + " to "
              + spare.sizeBytes()
              + " bytes; restore it whole");
    }
    if (superblock.blockSizeBytes() % spare.sectorSizeBytes() != 0) {
      throw new WrongSetException(
          "the set has blocks of "
              + superblock.blockSizeBytes()
              + " bytes but the spare "
              + spare.name()
              + " has sectors of "
              + spare.sectorSizeBytes()
              + "; move it to a device with smaller sectors, or use --io=buffered");
    }
    try {
      return layoutOf(superblock);
    } catch (IllegalArgumentException e) {
      throw new CorruptMetadataException(
          RecoveryCase.SUPERBLOCKS_LOST, "the superblock makes no sense: " + e.getMessage());
    }
  }

  /** The layout that a superblock tells. Throws {@link IllegalArgumentException} for nonsense. */
  static SpareLayout layoutOf(Superblock superblock) {
    return SpareLayout.of(
        superblock.spareSizeBytes(),
        superblock.blockSizeBytes(),
        superblock.ringBlocks(),
        superblock.membership().firstSlot(),
        superblock.membership().olderSlots());
  }

  /** The spare whose metadata is in force. */
  Member head() {
    return head;
  }

  /** The spares before it that still hold slots, the oldest first. */
  List<Member> older() {
    return older;
  }

  /** Spares that are not needed: they were released. */
  List<BlockDevice> unneeded() {
    return given.stream()
        .filter(each -> !each.equals(head) && !older.contains(each))
        .map(Member::device)
        .toList();
  }

  /** All of them, to find slots in. */
  SpareMembers members() {
    List<SpareMember> members = new ArrayList<>(older.stream().map(Member::asMember).toList());
    members.add(head.asMember());
    return SpareMembers.of(members);
  }
}
