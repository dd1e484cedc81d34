package io.remapfs.health.blame;

import java.util.List;

/**
 * What lies in one stretch of a disk.
 *
 * @param byteOffset where it begins on the disk
 * @param lengthBytes how long it is
 * @param partition the partition's number; 0 on a disk without partitions
 * @param fileSystem such as "ext4"; empty where there is none
 * @param kind what it is used for
 * @param inode whose it is; for {@link Kind#INODE_TABLE} the first one that lies in it; 0 if
 *     nobody's
 * @param inodeCount how many inodes lie in it; 1 for what belongs to one, 0 if nobody's
 * @param fileOffset where in the file it begins, in bytes; -1 where that has no meaning
 * @param fileSizeBytes the file's size; -1 where that has no meaning
 * @param owners the names of the inodes that have one; at most {@link #MAX_OWNERS}
 * @param moreOwners how many named inodes are not among them
 * @param note what else there is to say; may be empty
 */
public record Finding(
    long byteOffset,
    long lengthBytes,
    int partition,
    String fileSystem,
    Kind kind,
    long inode,
    int inodeCount,
    long fileOffset,
    long fileSizeBytes,
    List<Owner> owners,
    int moreOwners,
    String note) {
  /** The most inodes named for one stretch. */
  public static final int MAX_OWNERS = 64;

  /**
   * The names of an inode.
   *
   * @param inode its number
   * @param paths from the root of the file system, at most {@link PathNames#MAX_NAMES}
   * @param moreNames how many hard links are not among them
   */
  public record Owner(long inode, List<FileName> paths, int moreNames) {}
}
