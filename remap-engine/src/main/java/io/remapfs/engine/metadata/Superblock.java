package io.remapfs.engine.metadata;

import java.util.UUID;

/**
 * What a set is, and what this spare is in it: three copies on each spare. It is written at format,
 * and anew, with the next generation, when something of it changes.
 *
 * @param setUuid names the backing and all its spares together
 * @param blockSizeBytes the unit of remapping
 * @param backing the disk that the set protects
 * @param spareSizeBytes the spare's size at format
 * @param ringBlocks the length of each journal ring
 * @param createdEpochSeconds when it was formatted
 * @param spareId what tells this spare from a copy of it: the device's serial number, or what the
 *     file system says of the file; at most 256 bytes of UTF-8, "" where it is unknown
 * @param generation of intact copies that differ, the highest is in force
 * @param membership this spare's place in the set
 */
public record Superblock(
    UUID setUuid,
    int blockSizeBytes,
    BackingIdentity backing,
    long spareSizeBytes,
    int ringBlocks,
    long createdEpochSeconds,
    String spareId,
    long generation,
    Membership membership) {

  /** The version that it is written as: 2 as soon as there was more than one spare. */
  public int formatVersion() {
    return membership.isOnlyMember()
        ? SuperblockFormat.ONE_MEMBER_VERSION
        : SuperblockFormat.NEWEST_VERSION;
  }

  /** The same set with another backing: the user says that it is the same disk nonetheless. */
  public Superblock withBacking(BackingIdentity other) {
    return with(other, spareId, generation, membership);
  }

  /** The same with another id of the spare. */
  public Superblock withSpareId(String other) {
    return with(backing, other, generation, membership);
  }

  Superblock withGeneration(long other) {
    return with(backing, spareId, other, membership);
  }

  Superblock withMembership(Membership other) {
    return with(backing, spareId, generation, other);
  }

  private Superblock with(BackingIdentity disk, String id, long version, Membership place) {
    return new Superblock(
        setUuid,
        blockSizeBytes,
        disk,
        spareSizeBytes,
        ringBlocks,
        createdEpochSeconds,
        id,
        version,
        place);
  }
}
