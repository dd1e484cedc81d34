package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An ext2, ext3 or ext4: goes through all inodes as e2fsck's first pass does, but past those that
 * cannot be read, where {@code debugfs icheck} gives up. Not thread-safe.
 */
final class Ext implements FileSystem {
  private static final int CHUNK_BYTES = 256 << 10;
  private static final long JOURNAL = 8;
  private static final long RESIZE = 7;
  private static final long BAD_BLOCKS = 1;
  private static final int TYPE = 0xF000;
  private static final int DIRECTORY = 0x4000;
  private static final int REGULAR = 0x8000;
  private static final int SYMLINK = 0xA000;
  private static final int FLAG_EXTENTS = 0x80000;
  private static final int FLAG_VALUE_OF_ATTRIBUTE = 0x200000;
  private static final int FLAG_INLINE = 0x10000000;
  private static final int MAP_OFFSET = 40;
  private static final int MAP_BYTES = 60;
  private static final int DOUBLE_INDIRECT = 13;

  private final DiskBytes disk;
  private final ExtLayout layout;
  private Damage damage = new Damage();

  private Ext(DiskBytes disk, ExtLayout layout) {
    this.disk = disk;
    this.layout = layout;
  }

  /** The file system; null if there is none of the kind. */
  static @Nullable Ext open(DiskBytes disk) {
    ExtLayout layout = ExtLayout.read(disk);
    return layout == null ? null : new Ext(disk, layout);
  }

  @Override
  public String name() {
    return layout.name();
  }

  @Override
  public long sizeBytes() {
    return layout.blockCount * layout.blockBytes;
  }

  @Override
  public int blockBytes() {
    return layout.blockBytes;
  }

  @Override
  public Use use(long byteOffset) {
    return layout.use(byteOffset / layout.blockBytes);
  }

  @Override
  public long rootInode() {
    return 2;
  }

  @Override
  public String caution() {
    return layout.needsRecovery()
        ? "its journal holds changes that are not in their places yet, as while it is mounted:"
            + " what they changed may be told as it was before"
        : "";
  }

  @Override
  public void claim(Claims claims, LongConsumer directories, Damage whatIsLost) {
    this.damage = whatIsLost;
    layout.claim(claims, whatIsLost);
    for (int group = 0; group < layout.groupCount; group++) {
      long used = layout.tableByte(group) == 0 ? 0 : layout.usedInodes(group);
      int perChunk = CHUNK_BYTES / layout.inodeBytes;
      for (long from = 0; from < used; from += perChunk) {
        inodes(group, from, (int) Math.min(perChunk, used - from), claims, directories);
      }
    }
  }

  /** Some inodes of a group; block by block where they cannot be read together. */
  private void inodes(int group, long from, int count, Claims claims, LongConsumer directories) {
    long byteOffset = layout.tableByte(group) + from * layout.inodeBytes;
    long first = group * layout.inodesPerGroup + from + 1;
    ByteBuffer table = disk.read(byteOffset, count * layout.inodeBytes);
    if (table == null) {
      int perBlock = layout.blockBytes / layout.inodeBytes;
      if (count > perBlock) {
        for (int i = 0; i < count; i += perBlock) {
          inodes(group, from + i, Math.min(perBlock, count - i), claims, directories);
        }
      } else {
        damage.inodeBlock();
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      ByteBuffer inode =
          table.slice(i * layout.inodeBytes, layout.inodeBytes).order(ByteOrder.LITTLE_ENDIAN);
      inode(first + i, inode, claims, directories);
    }
  }

  private void inode(long number, ByteBuffer inode, Claims claims, LongConsumer directories) {
    int mode = inode.getShort(0) & 0xffff;
    boolean unlinked = inode.getShort(26) == 0;
    if (number == RESIZE) {
      // What it leads to are the descriptors' own blocks, claimed already, but for this one.
      long reserved = mapOf(inode).getInt(DOUBLE_INDIRECT * 4) & 0xffffffffL;
      long bytes = reserved == 0 ? 0 : layout.blockBytes;
      claims.own(reserved * layout.blockBytes, bytes, Kind.GROUP_DESCRIPTORS);
      return;
    }
    if (number != BAD_BLOCKS && (mode == 0 || unlinked)) {
      return;
    }
    long attributes =
        (inode.getInt(104) & 0xffffffffL) | ((long) (inode.getShort(118) & 0xffff) << 32);
    if (attributes != 0) {
      int bytes = layout.blockBytes;
      claims.belonging(attributes * bytes, bytes, Kind.ATTRIBUTES, number);
    }
    if ((mode & TYPE) == DIRECTORY) {
      directories.accept(number);
    }
    Kind kind = kind(number, inode);
    long sizeBytes = kind == Kind.FILE || kind == Kind.SYMLINK ? size(inode) : -1;
    ExtMap.walk(
        disk,
        layout,
        inode,
        new ExtMap.Visitor() {
          @Override
          public void contents(long block, long count, long fileBlock) {
            claims.contents(
                block * layout.blockBytes,
                count * layout.blockBytes,
                kind,
                number,
                fileBlock * layout.blockBytes,
                sizeBytes);
          }

          @Override
          public void map(long block, Kind mapKind) {
            claims.belonging(block * layout.blockBytes, layout.blockBytes, mapKind, number);
          }

          @Override
          public void lost() {
            damage.map();
          }
        });
  }

  private Kind kind(long number, ByteBuffer inode) {
    if (number == JOURNAL || number == layout.inodeAt(224)) {
      return Kind.JOURNAL;
    }
    if (number == BAD_BLOCKS) {
      return Kind.BAD_BLOCK_LIST;
    }
    if (number == 3 || number == 4 || number == layout.inodeAt(616)) {
      return Kind.QUOTA;
    }
    if (number == layout.inodeAt(640)) {
      return Kind.ORPHAN_FILE;
    }
    if ((inode.getInt(32) & FLAG_VALUE_OF_ATTRIBUTE) != 0) {
      return Kind.ATTRIBUTES;
    }
    int type = inode.getShort(0) & TYPE;
    return type == DIRECTORY ? Kind.DIRECTORY : type == SYMLINK ? Kind.SYMLINK : Kind.FILE;
  }

  private static long size(ByteBuffer inode) {
    return (inode.getInt(4) & 0xffffffffL) | ((long) inode.getInt(108) << 32);
  }

  /** Whether an inode keeps its contents in blocks at all. */
  static boolean hasBlocks(ByteBuffer inode) {
    int type = inode.getShort(0) & TYPE;
    int flags = inode.getInt(32);
    boolean inInode =
        (flags & FLAG_INLINE) != 0
            || (type == SYMLINK && (flags & FLAG_EXTENTS) == 0 && size(inode) < MAP_BYTES);
    return !inInode && (type == REGULAR || type == DIRECTORY || type == SYMLINK || type == 0);
  }

  static boolean hasExtents(ByteBuffer inode) {
    return (inode.getInt(32) & FLAG_EXTENTS) != 0;
  }

  /** The sixty bytes that say where the contents are. */
  static ByteBuffer mapOf(ByteBuffer inode) {
    return inode.slice(MAP_OFFSET, MAP_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  private @Nullable ByteBuffer readInode(long number) {
    long group = (number - 1) / layout.inodesPerGroup;
    if (number < 1 || group >= layout.groupCount || layout.tableByte((int) group) == 0) {
      return null;
    }
    long index = (number - 1) % layout.inodesPerGroup;
    ByteBuffer inode =
        disk.read(layout.tableByte((int) group) + index * layout.inodeBytes, layout.inodeBytes);
    return inode == null ? null : inode.order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void forEachEntry(long directoryInode, PathNames.EntryVisitor visitor) {
    ByteBuffer inode = readInode(directoryInode);
    if (inode == null || (inode.getShort(0) & TYPE) != DIRECTORY) {
      return;
    }
    if ((inode.getInt(32) & FLAG_INLINE) != 0) {
      ExtDirectory.inline(inode, visitor);
      return;
    }
    ExtMap.walk(
        disk,
        layout,
        inode,
        new ExtMap.Visitor() {
          @Override
          public void contents(long block, long count, long fileBlock) {
            for (long i = 0; i < count; i++) {
              ByteBuffer entries = disk.read((block + i) * layout.blockBytes, layout.blockBytes);
              if (entries == null) {
                damage.directoryBlock();
              } else {
                ExtDirectory.entries(entries, visitor);
              }
            }
          }

          @Override
          public void map(long block, Kind mapKind) {}

          @Override
          public void lost() {
            damage.directoryBlock();
          }
        });
  }
}
