package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.Membership.OlderMember;
import io.remapfs.engine.metadata.Membership.Successor;
import io.remapfs.engine.metadata.MetadataLog.Counters;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.spare.SpareMembers;
import io.remapfs.engine.spare.SparePool;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * How a spare comes into a set and leaves it. All of it is under the store's I/O lock, so that no
 * commit comes between.
 *
 * <p><b>Adding.</b> (1) The new spare is made complete: superblocks that name the older ones, a
 * checkpoint of the whole state; flushed. Up to here the old head is in force, and a failure
 * changes nothing. (2) The old head's superblocks name the successor, one copy after the other.
 * From the first durable one on, the new spare is in force; so no commit goes to the old head once
 * this has begun, and if it fails, none goes anywhere until the next open has looked. (3) The new
 * head notes that it is in force, and takes over.
 *
 * <p><b>Releasing.</b> (1) The head's superblocks no longer name the spare, whose slots no block is
 * in. (2) The spare's say that it is retired: for people only.
 */
final class MemberChanges {
  private final SparePool pool;
  private final RemapTable table;

  MemberChanges(SparePool pool, RemapTable table) {
    this.pool = pool;
    this.table = table;
  }

  /**
   * Why a device cannot be added, checked before anything is written to it.
   *
   * @throws IllegalArgumentException says why
   */
  static SpareLayout layoutFor(Superblock superblock, SpareMembers members, BlockDevice device) {
    if (members.live().size() >= Membership.MAX_MEMBERS) {
      throw new IllegalArgumentException(
          "the set has "
              + Membership.MAX_MEMBERS
              + " spares already; move their blocks to one larger spare with migrate");
    }
    int blockSizeBytes = superblock.blockSizeBytes();
    if (blockSizeBytes % device.sectorSizeBytes() != 0) {
      throw new IllegalArgumentException(
          device.name()
              + " has sectors of "
              + device.sectorSizeBytes()
              + " bytes, larger than the set's blocks of "
              + blockSizeBytes
              + "; take another spare");
    }
    long endSlot = members.head().layout().endSlot();
    return SpareLayout.ofAdded(device.sizeBytes(), blockSizeBytes, endSlot, members.slotCount());
  }

  /**
   * Adds a spare.
   *
   * @param layout from {@link #layoutFor}
   * @return the log to go on with
   * @throws MetadataUnavailableException if it is not certain whether it was added; the log's zones
   *     take no more writes then
   * @throws IOException if the new spare is no good; nothing else was changed
   */
  MetadataLog add(
      MetadataLog log, BlockDevice device, SpareLayout layout, String pathHint, Counters counters)
      throws IOException {
    Superblock old = log.superblock();
    SpareMembers members = pool.members();
    requireFits(pathHint);
    requireFits(log.spare().name());
    List<OlderMember> older = new ArrayList<>();
    members.live().forEach(each -> older.add(asOlder(each)));
    Membership place =
        new Membership(
            UUID.randomUUID(), layout.firstSlot(), layout.olderSlots(), older, null, false, false);
    Superblock added =
        new SpareFormatter(device)
            .superblock(old.setUuid(), layout, old.backing())
            .withMembership(place);
    MetadataLog next;
    try {
      next = log.continueOn(device, added, layout, counters);
    } catch (MetadataUnavailableException e) {
      // That is the new spare's; the set's metadata is as available as before.
      throw new IOException(device.name() + " is no good as a spare: " + e.getMessage(), e);
    }
    Successor successor = new Successor(place.memberUuid(), pathHint);
    log.rewriteSuperblock(old.withMembership(old.membership().withSuccessor(successor)));
    // Readers find the place of a slot before any mapping to it is published.
    pool.extend(new SpareMember(device, layout, place.memberUuid()));
    return next;
  }

  private static OlderMember asOlder(SpareMember member) {
    SpareLayout layout = member.layout();
    requireFits(member.device().name());
    return new OlderMember(
        member.memberUuid(),
        layout.firstSlot(),
        layout.slotCount(),
        layout.spareSizeBytes(),
        layout.ringBlocks(),
        layout.olderSlots(),
        member.device().name());
  }

  private static void requireFits(String path) {
    if (path.getBytes(StandardCharsets.UTF_8).length > Membership.MAX_PATH_HINT_BYTES) {
      throw new IllegalArgumentException(
          "the path of a spare in a set of several has at most "
              + Membership.MAX_PATH_HINT_BYTES
              + " bytes, this one is longer: "
              + path);
    }
  }

  /** Notes on the head that it is in force. */
  static void confirm(MetadataLog log) throws MetadataUnavailableException {
    Superblock head = log.superblock();
    log.rewriteSuperblock(head.withMembership(head.membership().confirmed()));
  }

  /**
   * At open, before the first commit: makes the older spares' superblocks whole, and durable what
   * they say, where that decides which spare is the head. A set that was only half told of its new
   * spare so stays with it, whatever becomes of the copy that told.
   *
   * @throws MetadataUnavailableException if that is not certain
   */
  static void settle(MetadataLog log, SpareSet set) throws MetadataUnavailableException {
    Membership place = set.head().place();
    List<SpareSet.Member> older = set.older();
    for (int i = 0; i < older.size(); i++) {
      SpareSet.Member each = older.get(i);
      boolean decides = place.needsConfirmation() && i == older.size() - 1;
      if (decides || !each.damaged().isEmpty()) {
        try {
          makeWhole(each);
        } catch (MetadataUnavailableException e) {
          if (decides) {
            throw log.zones().fail(String.valueOf(e.getMessage()));
          }
        }
      }
    }
    if (place.needsConfirmation()) {
      confirm(log);
    }
  }

  private static void makeWhole(SpareSet.Member member) throws MetadataUnavailableException {
    Zones zones = new Zones(member.device());
    // What was read may still be in a cache only: a killed daemon flushed nothing.
    zones.flush();
    if (!member.damaged().isEmpty()) {
      Superblock superblock = member.superblock();
      long generation = SuperblockWriter.repairGeneration(superblock.generation());
      SuperblockWriter.write(
          zones, member.layout(), superblock.withGeneration(generation), member.damaged());
    }
  }

  /** Blocks that are, or were when they got lost, in a slot of {@code member}. */
  long blocksIn(SpareMember member) {
    long[] count = {0};
    table.forEach(
        (blockIndex, target) -> {
          if (Target.isInSlot(target) && member.has(Target.slot(target))) {
            count[0]++;
          }
        });
    return count[0];
  }

  /**
   * Releases those of the spares before {@code newest} that no block is in.
   *
   * @throws MetadataUnavailableException if it is not certain to be durable
   */
  ReleasedSpares release(MetadataLog log, SpareMember newest) throws MetadataUnavailableException {
    List<SpareMember> live = pool.members().live();
    List<SpareMember> gone = new ArrayList<>();
    List<ReleasedSpares.Kept> kept = new ArrayList<>();
    List<OlderMember> left = new ArrayList<>();
    for (SpareMember each : live.subList(0, live.size() - 1)) {
      // Another may have been added since the caller chose the newest: its slots are in use.
      boolean concerned = each.layout().endSlot() <= newest.layout().firstSlot();
      long blocks = concerned ? blocksIn(each) : 0;
      if (concerned && blocks == 0) {
        gone.add(each);
      } else {
        left.add(asOlder(each));
      }
      if (blocks > 0) {
        kept.add(new ReleasedSpares.Kept(each.device().name(), blocks));
      }
    }
    List<String> troubles = new ArrayList<>();
    if (!gone.isEmpty()) {
      Superblock head = log.superblock();
      log.rewriteSuperblock(head.withMembership(head.membership().withOlder(left)));
      pool.release(gone);
      Successor successor = new Successor(head.membership().memberUuid(), log.spare().name());
      gone.forEach(each -> retire(each, successor, troubles));
    }
    return new ReleasedSpares(
        gone.stream().map(each -> each.device().name()).toList(), kept, troubles);
  }

  private static void retire(SpareMember member, Successor head, List<String> troubles) {
    try {
      Superblock known = MetadataStore.identify(member.device());
      Superblock retired =
          known
              .withMembership(known.membership().asRetired(head))
              .withGeneration(known.generation() + 1);
      SuperblockWriter.write(new Zones(member.device()), member.layout(), retired, List.of());
    } catch (IOException e) {
      troubles.add(member.device().name() + " could not be marked as retired: " + e.getMessage());
    }
  }
}
