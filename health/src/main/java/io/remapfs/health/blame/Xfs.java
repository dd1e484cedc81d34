package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An XFS: goes through all inodes by the inode trees, and through the other trees of each group.
 * Unlike {@code xfs_db blockget} also where the log is dirty, as it is while mounted. Not
 * thread-safe.
 */
final class Xfs implements FileSystem {
  private static final int AGF_MAGIC = 0x58414746;
  private static final int AGI_MAGIC = 0x58414749;
  private static final short INODE_MAGIC = 0x494e;
  private static final int INODES_A_CHUNK = 64;
  private static final int INODES_A_HOLE = 4;
  private static final int TYPE = 0xF000;
  private static final int DIRECTORY = 0x4000;
  private static final int SYMLINK = 0xA000;
  private static final int FLAG_ON_REALTIME = 0x1;

  private final DiskBytes disk;
  private final XfsLayout layout;
  private final Set<Long> freeKnown = new HashSet<>();
  private Damage damage = new Damage();

  private Xfs(DiskBytes disk, XfsLayout layout) {
    this.disk = disk;
    this.layout = layout;
  }

  /** The file system; null if there is none of the kind. */
  static @Nullable Xfs open(DiskBytes disk) {
    XfsLayout layout = XfsLayout.read(disk);
    return layout == null ? null : new Xfs(disk, layout);
  }

  @Override
  public String name() {
    return "xfs";
  }

  @Override
  public long sizeBytes() {
    return layout.blockCount << layout.blockShift;
  }

  @Override
  public int blockBytes() {
    return layout.blockBytes;
  }

  /** Free space is claimed; what is not in a whole tree of free space is in use. */
  @Override
  public Use use(long byteOffset) {
    long group = (byteOffset >>> layout.blockShift) / layout.groupBlocks;
    return freeKnown.contains(group) ? Use.IN_USE : Use.UNKNOWN;
  }

  @Override
  public long rootInode() {
    return layout.rootInode();
  }

  @Override
  public String caution() {
    return "";
  }

  @Override
  public void claim(Claims claims, LongConsumer directories, Damage whatIsLost) {
    damage = whatIsLost;
    layout.claim(claims);
    for (int group = 0; group < layout.groupCount; group++) {
      space(group, claims);
      inodes(group, claims, directories);
    }
  }

  /** What the second sector of a group leads to. */
  private void space(int group, Claims claims) {
    ByteBuffer head = disk.read(layout.byteOf(group, 0) + layout.sectorBytes, layout.sectorBytes);
    if (head == null || head.getInt(0) != AGF_MAGIC) {
      damage.descriptor();
      return;
    }
    boolean whole =
        tree(
            group,
            XfsTree.Shape.FREE_SPACE,
            Kind.FREE_SPACE_TREE,
            root(head, 16),
            head.getInt(28),
            claims,
            (leaf, at) -> free(group, leaf.getInt(at) & 0xffffffffL, leaf.getInt(at + 4), claims));
    if (whole) {
      freeKnown.add((long) group);
    }
    XfsTree.Shape none = XfsTree.Shape.FREE_SPACE;
    tree(
        group,
        none,
        Kind.FREE_SPACE_TREE,
        root(head, 20),
        head.getInt(32),
        claims,
        (leaf, at) -> {});
    if (layout.version5 && root(head, 24) != 0) {
      Kind kind = Kind.REVERSE_MAP;
      XfsTree.Shape shape = XfsTree.Shape.REVERSE_MAP;
      tree(group, shape, kind, root(head, 24), head.getInt(36), claims, (leaf, at) -> {});
    }
    if (layout.version5 && root(head, 88) != 0) {
      Kind kind = Kind.REFERENCE_COUNTS;
      XfsTree.Shape shape = XfsTree.Shape.REFERENCE_COUNTS;
      tree(group, shape, kind, root(head, 88), head.getInt(92), claims, (leaf, at) -> {});
    }
    freeList(group, head, claims);
  }

  private static long root(ByteBuffer head, int at) {
    return head.getInt(at) & 0xffffffffL;
  }

  private void free(long group, long first, long count, Claims claims) {
    if (count > 0 && first + count <= layout.blocksOf(group)) {
      claims.own(layout.byteOf(group, first), count << layout.blockShift, Kind.FREE);
    }
  }

  /** Blocks that the group keeps for its trees. */
  private void freeList(int group, ByteBuffer head, Claims claims) {
    ByteBuffer list =
        disk.read(layout.byteOf(group, 0) + 3L * layout.sectorBytes, layout.sectorBytes);
    if (list == null) {
      damage.descriptor();
      freeKnown.remove((long) group);
      return;
    }
    int from = layout.version5 ? 36 : 0;
    int size = (layout.sectorBytes - from) / 4;
    int first = head.getInt(40);
    int count = head.getInt(48);
    for (int i = 0; i < count && i < size && first >= 0 && first < size; i++) {
      long block = list.getInt(from + (first + i) % size * 4) & 0xffffffffL;
      if (block < layout.blocksOf(group)) {
        claims.own(layout.byteOf(group, block), layout.blockBytes, Kind.FREE_LIST);
      }
    }
  }

  /** Receives records. */
  @FunctionalInterface
  private interface Records {
    void leafRecord(ByteBuffer leaf, int at);
  }

  /** Has the blocks of a tree claimed; false if a part of it is lost. */
  private boolean tree(
      int group,
      XfsTree.Shape shape,
      Kind kind,
      long root,
      int levels,
      Claims claims,
      Records records) {
    boolean[] whole = {true};
    XfsTree.walk(
        disk,
        layout,
        group,
        shape,
        root,
        levels,
        new XfsTree.Visitor() {
          @Override
          public void node(long byteOffset) {
            claims.own(byteOffset, layout.blockBytes, kind);
          }

          @Override
          public void leafRecord(ByteBuffer leaf, int at) {
            records.leafRecord(leaf, at);
          }

          @Override
          public void lost() {
            whole[0] = false;
          }
        });
    return whole[0];
  }

  /** What the third sector of a group leads to. */
  private void inodes(int group, Claims claims, LongConsumer directories) {
    ByteBuffer head =
        disk.read(layout.byteOf(group, 0) + 2L * layout.sectorBytes, layout.sectorBytes);
    if (head == null || head.getInt(0) != AGI_MAGIC) {
      damage.descriptor();
      return;
    }
    XfsTree.Shape shape = XfsTree.Shape.INODES;
    boolean whole =
        tree(
            group,
            shape,
            Kind.INODE_TREE,
            root(head, 20),
            head.getInt(24),
            claims,
            (leaf, at) -> chunk(group, leaf, at, claims, directories));
    if (!whole) {
      damage.inodeBlock();
    }
    if (layout.version5 && root(head, 328) != 0) {
      tree(
          group,
          shape,
          Kind.INODE_TREE,
          root(head, 328),
          head.getInt(332),
          claims,
          (leaf, at) -> {});
    }
  }

  /** A record of 64 inodes, of which some may be free, and some not there at all. */
  private void chunk(int group, ByteBuffer leaf, int at, Claims claims, LongConsumer directories) {
    long first = leaf.getInt(at) & 0xffffffffL;
    int holes = layout.sparseInodes ? leaf.getShort(at + 4) & 0xffff : 0;
    long unused = leaf.getLong(at + 8);
    int step = Math.max(INODES_A_HOLE, 1 << layout.inodesPerBlockShift);
    for (int i = 0; i < INODES_A_CHUNK; i += step) {
      long number = layout.inodeNumber(group, first + i);
      int count = Math.min(step, INODES_A_CHUNK - i);
      if (((holes >> (i / INODES_A_HOLE)) & 1) != 0 || !layout.holdsInode(number)) {
        continue;
      }
      long byteOffset = layout.inodeByte(number);
      claims.inodes(byteOffset, count, layout.inodeBytes, number);
      ByteBuffer inodes = disk.read(byteOffset, count * layout.inodeBytes);
      long mask = count == 64 ? -1L : (1L << count) - 1;
      if (inodes == null) {
        if (((~unused >>> i) & mask) != 0) {
          damage.inodeBlock();
        }
        continue;
      }
      for (int j = 0; j < count; j++) {
        if (((unused >>> (i + j)) & 1) == 0) {
          ByteBuffer inode = inodes.slice(j * layout.inodeBytes, layout.inodeBytes);
          inode(number + j, inode, claims, directories);
        }
      }
    }
  }

  private void inode(long number, ByteBuffer inode, Claims claims, LongConsumer directories) {
    int type = inode.getShort(2) & TYPE;
    if (inode.getShort(0) != INODE_MAGIC) {
      damage.inodeBlock();
      return;
    }
    if (type == DIRECTORY) {
      directories.accept(number);
    }
    Kind kind =
        layout.isQuota(number)
            ? Kind.QUOTA
            : layout.isRealtime(number)
                ? Kind.REALTIME
                : type == DIRECTORY ? Kind.DIRECTORY : type == SYMLINK ? Kind.SYMLINK : Kind.FILE;
    long size = kind == Kind.FILE || kind == Kind.SYMLINK ? inode.getLong(56) : -1;
    if ((inode.getShort(90) & FLAG_ON_REALTIME) == 0) {
      XfsFork.walkData(disk, layout, inode, claiming(claims, number, kind, size));
    }
    XfsFork.walkAttributes(disk, layout, inode, claiming(claims, number, Kind.ATTRIBUTES, -1));
  }

  private XfsFork.Visitor claiming(Claims claims, long number, Kind kind, long sizeBytes) {
    return new XfsFork.Visitor() {
      @Override
      public void contents(long block, long count, long fileBlock) {
        long offset = kind == Kind.ATTRIBUTES ? -1 : fileBlock << layout.blockShift;
        claims.contents(
            layout.byteOf(block), count << layout.blockShift, kind, number, offset, sizeBytes);
      }

      @Override
      public void map(long block) {
        claims.belonging(layout.byteOf(block), layout.blockBytes, Kind.EXTENT_BLOCK, number);
      }

      @Override
      public void lost() {
        damage.map();
      }
    };
  }

  @Override
  public void forEachEntry(long directoryInode, PathNames.EntryVisitor visitor) {
    ByteBuffer inode =
        layout.holdsInode(directoryInode)
            ? disk.read(layout.inodeByte(directoryInode), layout.inodeBytes)
            : null;
    if (inode == null
        || inode.getShort(0) != INODE_MAGIC
        || (inode.getShort(2) & TYPE) != DIRECTORY) {
      return;
    }
    if (XfsFork.isLocal(inode)) {
      XfsDirectory.inInode(XfsFork.data(inode), layout.fileTypes, visitor);
      return;
    }
    int perBlock = layout.directoryBlockBytes / layout.blockBytes;
    DirectoryBlocks blocks = new DirectoryBlocks(perBlock, visitor);
    XfsFork.walkData(disk, layout, inode, blocks);
    blocks.end();
  }

  /** Puts blocks of a directory together where each is several of the file system. */
  private final class DirectoryBlocks implements XfsFork.Visitor {
    private final int perBlock;
    private final PathNames.EntryVisitor visitor;
    private final List<Long> parts = new ArrayList<>();
    private long current = -1;

    DirectoryBlocks(int perBlock, PathNames.EntryVisitor visitor) {
      this.perBlock = perBlock;
      this.visitor = visitor;
    }

    @Override
    public void contents(long block, long count, long fileBlock) {
      for (long i = 0; i < count; i++) {
        if (fileBlock + i >= (XfsDirectory.DATA_END >>> layout.blockShift)) {
          return;
        }
        long index = (fileBlock + i) / perBlock;
        if (index != current) {
          end();
          current = index;
        }
        parts.add(block + i);
        if (parts.size() == perBlock) {
          end();
        }
      }
    }

    @Override
    public void map(long block) {}

    @Override
    public void lost() {
      damage.directoryBlock();
    }

    void end() {
      if (parts.isEmpty()) {
        return;
      }
      ByteBuffer whole = ByteBuffer.allocate(perBlock * layout.blockBytes);
      boolean readable = parts.size() == perBlock;
      for (int i = 0; i < parts.size() && readable; i++) {
        ByteBuffer part = disk.read(layout.byteOf(parts.get(i)), layout.blockBytes);
        readable = part != null;
        if (part != null) {
          whole.put(i * layout.blockBytes, part, 0, layout.blockBytes);
        }
      }
      parts.clear();
      if (!readable || !XfsDirectory.entries(whole, layout.fileTypes, visitor)) {
        damage.directoryBlock();
      }
    }
  }
}
