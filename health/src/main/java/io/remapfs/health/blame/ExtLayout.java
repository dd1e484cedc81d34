package io.remapfs.health.blame;

import io.remapfs.health.blame.FileSystem.Use;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Where an ext2, ext3 or ext4 keeps what is its own: superblocks, group descriptors, bitmaps and
 * inode tables, from the first superblock and descriptors that can be read. The offsets are those
 * of {@code struct ext4_super_block} and {@code ext4_group_desc} in the kernel's {@code
 * Documentation/filesystems/ext4}. Not thread-safe.
 */
final class ExtLayout {
  private static final int SUPERBLOCK_OFFSET = 1024;
  private static final int SUPERBLOCK_BYTES = 1024;
  private static final int MAGIC = 0xEF53;
  private static final int COMPAT_HAS_JOURNAL = 0x4;
  private static final int COMPAT_SPARSE_SUPER2 = 0x200;
  private static final int INCOMPAT_RECOVER = 0x4;
  private static final int INCOMPAT_META_BG = 0x10;
  private static final int INCOMPAT_EXTENTS = 0x40;
  private static final int INCOMPAT_64BIT = 0x80;
  private static final int RO_COMPAT_SPARSE_SUPER = 0x1;
  private static final int RO_COMPAT_BIGALLOC = 0x200;
  private static final int GROUP_BLOCK_UNINIT = 0x2;
  private static final int GROUP_INODE_UNINIT = 0x1;

  /** 64 TiB in blocks of 4 KiB: a bound of memory, for a damaged superblock too. */
  private static final long MAX_GROUPS = 1 << 19;

  private final DiskBytes disk;
  private final ByteBuffer superblock;
  final int blockBytes;
  final long blockCount;
  final long firstBlock;
  final long blocksPerGroup;
  final long inodesPerGroup;
  final int inodeBytes;
  final int groupCount;
  private final int descriptorBytes;
  private final long[] blockBitmap;
  private final long[] inodeBitmap;
  private final long[] inodeTable; // 0 where the descriptor could not be read
  private final int[] flags;
  private final int[] unusedInodes;
  private int bitmapGroup = -1;
  private @Nullable ByteBuffer bitmap;

  private ExtLayout(DiskBytes disk, ByteBuffer superblock) {
    this.disk = disk;
    this.superblock = superblock;
    blockBytes = 1024 << superblock.getInt(24);
    long high = is64bit() ? unsigned(336) << 32 : 0;
    blockCount = unsigned(4) | high;
    firstBlock = unsigned(20);
    blocksPerGroup = unsigned(32);
    inodesPerGroup = unsigned(40);
    inodeBytes = superblock.getInt(76) == 0 ? 128 : superblock.getShort(88) & 0xffff;
    groupCount = Math.toIntExact((blockCount - firstBlock + blocksPerGroup - 1) / blocksPerGroup);
    descriptorBytes = is64bit() ? superblock.getShort(254) & 0xffff : 32;
    blockBitmap = new long[groupCount];
    inodeBitmap = new long[groupCount];
    inodeTable = new long[groupCount];
    flags = new int[groupCount];
    unusedInodes = new int[groupCount];
    readDescriptors();
  }

  /** The layout; null if there is no such file system, or no copy of its superblock is readable. */
  static @Nullable ExtLayout read(DiskBytes disk) {
    ByteBuffer primary = disk.read(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES);
    if (primary != null) {
      return valid(primary) ? new ExtLayout(disk, primary) : null;
    }
    // Lost. The first copy is at the beginning of group 1, which is as long as a bitmap has bits.
    for (int blockBytes = 1024; blockBytes <= 1 << 16; blockBytes <<= 1) {
      long group1 = blockBytes * 8L + (blockBytes == 1024 ? 1 : 0);
      ByteBuffer copy = disk.read(group1 * blockBytes, SUPERBLOCK_BYTES);
      if (copy != null && valid(copy) && 1024 << copy.getInt(24) == blockBytes) {
        return new ExtLayout(disk, copy);
      }
    }
    return null;
  }

  /** Checks what all arithmetic below relies on. */
  private static boolean valid(ByteBuffer superblock) {
    superblock.order(ByteOrder.LITTLE_ENDIAN);
    int logBlock = superblock.getInt(24);
    if ((superblock.getShort(56) & 0xffff) != MAGIC || logBlock < 0 || logBlock > 6) {
      return false;
    }
    long blockBytes = 1024L << logBlock;
    boolean wide = (superblock.getInt(96) & INCOMPAT_64BIT) != 0;
    long blocks =
        (superblock.getInt(4) & 0xffffffffL) | (wide ? (long) superblock.getInt(336) << 32 : 0);
    long first = superblock.getInt(20) & 0xffffffffL;
    long perGroup = superblock.getInt(32) & 0xffffffffL;
    long inodes = superblock.getInt(40) & 0xffffffffL;
    int inodeBytes = superblock.getInt(76) == 0 ? 128 : superblock.getShort(88) & 0xffff;
    int descriptor = wide ? superblock.getShort(254) & 0xffff : 32;
    return first <= 1
        && blocks > first
        && blocks <= Long.MAX_VALUE / blockBytes / 2
        && perGroup > 0
        && (blocks - first) / perGroup < MAX_GROUPS
        && inodes > 0
        && inodes <= blockBytes * 8
        && inodeBytes >= 128
        && inodeBytes <= blockBytes
        && Integer.bitCount(inodeBytes) == 1
        && descriptor >= 32
        && descriptor <= blockBytes
        && Integer.bitCount(descriptor) == 1;
  }

  private void readDescriptors() {
    int perBlock = blockBytes / descriptorBytes;
    for (int group = 0; group < groupCount; group += perBlock) {
      ByteBuffer descriptors = disk.read(descriptorBlock(group, false) * blockBytes, blockBytes);
      if (descriptors == null) {
        descriptors = disk.read(descriptorBlock(group, true) * blockBytes, blockBytes);
      }
      if (descriptors == null) {
        continue;
      }
      descriptors.order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < perBlock && group + i < groupCount; i++) {
        int at = i * descriptorBytes;
        boolean wide = descriptorBytes >= 64;
        blockBitmap[group + i] = number(descriptors, at, wide ? at + 32 : -1);
        inodeBitmap[group + i] = number(descriptors, at + 4, wide ? at + 36 : -1);
        inodeTable[group + i] = number(descriptors, at + 8, wide ? at + 40 : -1);
        flags[group + i] = descriptors.getShort(at + 18) & 0xffff;
        unusedInodes[group + i] = descriptors.getShort(at + 28) & 0xffff;
      }
    }
  }

  private static long number(ByteBuffer bytes, int low, int high) {
    return (bytes.getInt(low) & 0xffffffffL)
        | (high < 0 ? 0 : (bytes.getInt(high) & 0xffffffffL) << 32);
  }

  /** Where the descriptor of a group lies, or a copy of it. */
  private long descriptorBlock(int group, boolean copy) {
    int perBlock = blockBytes / descriptorBytes;
    int index = group / perBlock;
    if (inMetaGroups(index)) {
      int holder = index * perBlock + (copy ? 1 : 0);
      return blockOf(holder) + (hasSuperblock(holder) ? 1 : 0);
    }
    return (copy ? blockOf(1) : firstBlock) + 1 + index;
  }

  private boolean inMetaGroups(int descriptorBlockIndex) {
    return incompat(INCOMPAT_META_BG) && descriptorBlockIndex >= unsigned(260);
  }

  private boolean hasSuperblock(int group) {
    if (group == 0) {
      return true;
    }
    if ((superblock.getInt(92) & COMPAT_SPARSE_SUPER2) != 0) {
      return group == unsigned(588) || group == unsigned(592);
    }
    return !readOnlyCompat(RO_COMPAT_SPARSE_SUPER)
        || group == 1
        || isPower(group, 3)
        || isPower(group, 5)
        || isPower(group, 7);
  }

  private static boolean isPower(int number, int base) {
    long power = base;
    while (power < number) {
      power *= base;
    }
    return power == number;
  }

  /** Has the file system's own parts claimed, the inode tables among them. */
  void claim(Claims claims, FileSystem.Damage damage) {
    long tableBytes = inodesPerGroup * inodeBytes;
    if (firstBlock == 0) {
      claims.own(0, SUPERBLOCK_OFFSET, Kind.BOOT);
    } else {
      claims.own(0, blockBytes, Kind.BOOT);
    }
    if (unsigned(360) != 0) {
      claims.own(number(superblock, 360, 364) * blockBytes, blockBytes, Kind.MULTI_MOUNT);
    }
    for (int group = 0; group < groupCount; group++) {
      claimDescriptors(claims, group);
      if (inodeTable[group] == 0) {
        damage.descriptor();
        continue;
      }
      claims.own(blockBitmap[group] * blockBytes, blockBytes, Kind.BLOCK_BITMAP);
      claims.own(inodeBitmap[group] * blockBytes, blockBytes, Kind.INODE_BITMAP);
      long end = (tableBytes + blockBytes - 1) / blockBytes * blockBytes;
      long table = inodeTable[group] * blockBytes;
      claims.inodes(table, inodesPerGroup, inodeBytes, group * inodesPerGroup + 1);
      claims.own(table + tableBytes, end - tableBytes, Kind.INODE_TABLE);
    }
  }

  private void claimDescriptors(Claims claims, int group) {
    long at = blockOf(group) * blockBytes;
    if (hasSuperblock(group)) {
      int into = group == 0 && firstBlock == 0 ? SUPERBLOCK_OFFSET : 0;
      claims.own(at + into, Math.max(blockBytes - into, 0), Kind.SUPERBLOCK);
      at += blockBytes;
    }
    int perBlock = blockBytes / descriptorBytes;
    int inMeta = group % perBlock;
    if (inMetaGroups(group / perBlock)) {
      if (inMeta == 0 || inMeta == 1 || inMeta == perBlock - 1) {
        claims.own(at, blockBytes, Kind.GROUP_DESCRIPTORS);
      }
    } else if (hasSuperblock(group)) {
      long blocks = ((long) groupCount + perBlock - 1) / perBlock;
      if (incompat(INCOMPAT_META_BG)) {
        blocks = Math.min(blocks, unsigned(260));
      }
      long reserved = superblock.getShort(206) & 0xffff; // for growth
      claims.own(at, (blocks + reserved) * blockBytes, Kind.GROUP_DESCRIPTORS);
    }
  }

  /** Whether a block is in use, by its group's bitmap. */
  Use use(long block) {
    if (block < firstBlock) {
      return Use.IN_USE;
    }
    int group = (int) ((block - firstBlock) / blocksPerGroup);
    if (inodeTable[group] == 0) {
      return Use.UNKNOWN;
    }
    if (hasGroupChecksums() && (flags[group] & GROUP_BLOCK_UNINIT) != 0) {
      return Use.FREE;
    }
    if (bitmapGroup != group) {
      bitmap = disk.read(blockBitmap[group] * blockBytes, blockBytes);
      bitmapGroup = group;
    }
    if (bitmap == null) {
      return Use.UNKNOWN;
    }
    int clusterShift =
        readOnlyCompat(RO_COMPAT_BIGALLOC) ? superblock.getInt(28) - superblock.getInt(24) : 0;
    long bit = ((block - firstBlock) % blocksPerGroup) >> Math.min(Math.max(clusterShift, 0), 32);
    return bit >= blockBytes * 8L
        ? Use.UNKNOWN
        : ((bitmap.get((int) (bit >> 3)) >> (bit & 7)) & 1) != 0 ? Use.IN_USE : Use.FREE;
  }

  /** Where a group's inode table begins, in bytes; 0 if unknown. */
  long tableByte(int group) {
    return inodeTable[group] * blockBytes;
  }

  /** How many inodes at the beginning of a group's table have ever been used. */
  long usedInodes(int group) {
    if (!hasGroupChecksums()) {
      return inodesPerGroup;
    }
    return (flags[group] & GROUP_INODE_UNINIT) != 0
        ? 0
        : Math.max(0, inodesPerGroup - unusedInodes[group]);
  }

  private boolean hasGroupChecksums() {
    return readOnlyCompat(0x10) || readOnlyCompat(0x400); // uninit_bg, metadata_csum
  }

  /** The number of a file that the superblock names, or 0: its field is at {@code offset}. */
  long inodeAt(int offset) {
    return unsigned(offset);
  }

  /** ext2, ext3 or ext4, told apart as blkid does. */
  String name() {
    boolean newer = (superblock.getInt(96) & ~0x16) != 0 || (superblock.getInt(100) & ~0x7) != 0;
    return newer || incompat(INCOMPAT_EXTENTS)
        ? "ext4"
        : (superblock.getInt(92) & COMPAT_HAS_JOURNAL) != 0 ? "ext3" : "ext2";
  }

  /** Whether the journal would have to be replayed. */
  boolean needsRecovery() {
    return incompat(INCOMPAT_RECOVER);
  }

  private long blockOf(int group) {
    return firstBlock + (long) group * blocksPerGroup;
  }

  private boolean is64bit() {
    return incompat(INCOMPAT_64BIT);
  }

  private boolean incompat(int feature) {
    return (superblock.getInt(96) & feature) != 0;
  }

  private boolean readOnlyCompat(int feature) {
    return (superblock.getInt(100) & feature) != 0;
  }

  private long unsigned(int offset) {
    return superblock.getInt(offset) & 0xffffffffL;
  }
}
