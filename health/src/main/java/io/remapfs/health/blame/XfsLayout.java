package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The superblock of an XFS, and where it keeps what is its own. The offsets are those of {@code
 * struct xfs_dsb}, {@code xfs_agf} and {@code xfs_agi} in the kernel's {@code fs/xfs/libxfs/
 * xfs_format.h}. Thread-safe: immutable.
 */
final class XfsLayout {
  private static final int SUPERBLOCK_BYTES = 512;
  private static final int MAGIC = 0x58465342; // XFSB
  private static final int INCOMPAT_FTYPE = 0x1;
  private static final int INCOMPAT_SPARSE_INODES = 0x2;
  private static final int FEATURES2_FTYPE = 0x200;

  /** An allocation group is at least 16 MiB, and a disk at most 8 EiB: an end for a damaged one. */
  private static final long MAX_GROUPS = 1 << 24;

  private final ByteBuffer superblock;
  final int blockBytes;
  final int blockShift;
  final long blockCount;
  final long groupBlocks;
  final int groupShift;
  final int groupCount;
  final int sectorBytes;
  final int inodeBytes;
  final int inodesPerBlockShift;
  final int directoryBlockBytes;
  final boolean version5;
  final boolean fileTypes;
  final boolean sparseInodes;

  private XfsLayout(ByteBuffer superblock) {
    this.superblock = superblock;
    blockBytes = superblock.getInt(4);
    blockShift = Integer.numberOfTrailingZeros(blockBytes);
    blockCount = superblock.getLong(8);
    groupBlocks = superblock.getInt(84) & 0xffffffffL;
    groupCount = superblock.getInt(88);
    groupShift = superblock.get(124);
    sectorBytes = superblock.getShort(102) & 0xffff;
    inodeBytes = superblock.getShort(104) & 0xffff;
    inodesPerBlockShift = superblock.get(123);
    directoryBlockBytes = blockBytes << superblock.get(192);
    version5 = (superblock.getShort(100) & 0xf) == 5;
    int incompat = version5 ? superblock.getInt(216) : 0;
    fileTypes =
        (incompat & INCOMPAT_FTYPE) != 0
            || (!version5 && (superblock.getInt(200) & FEATURES2_FTYPE) != 0);
    sparseInodes = (incompat & INCOMPAT_SPARSE_INODES) != 0;
  }

  /** The layout; null if there is no XFS, or its superblock cannot be read. */
  static @Nullable XfsLayout read(DiskBytes disk) {
    ByteBuffer superblock = disk.read(0, SUPERBLOCK_BYTES);
    return superblock != null && valid(superblock) ? new XfsLayout(superblock) : null;
  }

  /** Checks what all arithmetic relies on. */
  private static boolean valid(ByteBuffer superblock) {
    int blockBytes = superblock.getInt(4);
    long groupBlocks = superblock.getInt(84) & 0xffffffffL;
    long groups = superblock.getInt(88) & 0xffffffffL;
    int sector = superblock.getShort(102) & 0xffff;
    int inode = superblock.getShort(104) & 0xffff;
    int groupShift = superblock.get(124);
    int directoryShift = superblock.get(192);
    return superblock.getInt(0) == MAGIC
        && blockBytes >= 512
        && blockBytes <= 1 << 16
        && Integer.bitCount(blockBytes) == 1
        && sector >= 512
        && Integer.bitCount(sector) == 1
        && sector <= blockBytes * 4
        && inode >= 256
        && inode <= Math.min(blockBytes, 2048)
        && Integer.bitCount(inode) == 1
        && 1 << superblock.get(123) == blockBytes / inode
        && groups > 0
        && groups < MAX_GROUPS
        && groupShift > 0
        && groupShift < 32
        && groupBlocks > 0
        && groupBlocks <= 1L << groupShift
        && superblock.getLong(8) > 0
        && superblock.getLong(8) <= groups * groupBlocks
        && directoryShift >= 0
        && blockBytes << directoryShift <= 1 << 16;
  }

  /** The first byte of a block of the file system, whose number names its group too. */
  long byteOf(long fileSystemBlock) {
    return byteOf(fileSystemBlock >>> groupShift, fileSystemBlock & ((1L << groupShift) - 1));
  }

  /** The first byte of a block of a group. */
  long byteOf(long group, long groupBlock) {
    return (group * groupBlocks + groupBlock) << blockShift;
  }

  /** Whether so many blocks from this one on lie in its group. */
  boolean holds(long fileSystemBlock, long count) {
    long group = fileSystemBlock >>> groupShift;
    long groupBlock = fileSystemBlock & ((1L << groupShift) - 1);
    return count > 0 && group < groupCount && groupBlock + count <= blocksOf(group);
  }

  long blocksOf(long group) {
    return Math.min(groupBlocks, blockCount - group * groupBlocks);
  }

  /** Where an inode lies. */
  long inodeByte(long inode) {
    int bits = groupShift + inodesPerBlockShift;
    long inGroup = inode & ((1L << bits) - 1);
    return byteOf(inode >>> bits, inGroup >>> inodesPerBlockShift)
        + (inGroup & ((1L << inodesPerBlockShift) - 1)) * inodeBytes;
  }

  /** The number of the first inode that a block of a group would hold. */
  long inodeNumber(long group, long inGroup) {
    return (group << (groupShift + inodesPerBlockShift)) | inGroup;
  }

  boolean holdsInode(long inode) {
    int bits = groupShift + inodesPerBlockShift;
    long group = inode >>> bits;
    return inode > 0
        && group < groupCount
        && ((inode & ((1L << bits) - 1)) >>> inodesPerBlockShift) < blocksOf(group);
  }

  long rootInode() {
    return superblock.getLong(56);
  }

  /** Quota files: of users, groups and projects. */
  boolean isQuota(long inode) {
    return inode == superblock.getLong(160)
        || inode == superblock.getLong(168)
        || (version5 && inode == superblock.getLong(232));
  }

  /** The bitmap and the summary of the realtime device. */
  boolean isRealtime(long inode) {
    return inode == superblock.getLong(64) || inode == superblock.getLong(72);
  }

  /** Has the heads of all groups, and the journal, claimed. */
  void claim(Claims claims) {
    for (int group = 0; group < groupCount; group++) {
      long at = byteOf(group, 0);
      claims.own(at, sectorBytes, Kind.SUPERBLOCK);
      claims.own(at + sectorBytes, 3L * sectorBytes, Kind.AG_HEADER);
      long used = 4L * sectorBytes;
      if (used % blockBytes != 0) {
        claims.own(at + used, blockBytes - used % blockBytes, Kind.AG_HEADER);
      }
    }
    long journal = superblock.getLong(48); // 0 where it is on a device of its own
    long blocks = superblock.getInt(96) & 0xffffffffL;
    if (journal != 0 && holds(journal, blocks)) {
      claims.own(byteOf(journal), blocks << blockShift, Kind.JOURNAL);
    }
  }
}
