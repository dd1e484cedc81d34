package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Goes through the map of an ext file's blocks: an extent tree, or the older indirect blocks.
 * Thread-safe: no state.
 */
final class ExtMap {
  private static final int EXTENT_MAGIC = 0xF30A;
  private static final int ENTRY_BYTES = 12;
  private static final int MAX_DEPTH = 5;
  private static final int UNWRITTEN = 32768;
  private static final int DIRECT = 12;

  /** More nodes than the map of any file has that is not damaged, and an end for one that is. */
  private static final long MAX_NODES = 1 << 22;

  /** Receives what the map says. All in blocks of the file system. */
  interface Visitor {
    /** Contents of the file from {@code fileBlock} on. */
    void contents(long block, long count, long fileBlock);

    /** A block of the map itself. */
    void map(long block, Kind kind);

    /** A block of the map that cannot be read or understood. */
    void lost();
  }

  private final DiskBytes disk;
  private final int blockBytes;
  private final long blockCount;
  private final Visitor visitor;
  private long nodes;

  private ExtMap(DiskBytes disk, ExtLayout layout, Visitor visitor) {
    this.disk = disk;
    this.blockBytes = layout.blockBytes;
    this.blockCount = layout.blockCount;
    this.visitor = visitor;
  }

  /** Shows the whole map of an inode. */
  static void walk(DiskBytes disk, ExtLayout layout, ByteBuffer inode, Visitor visitor) {
    if (!Ext.hasBlocks(inode)) {
      return;
    }
    ExtMap map = new ExtMap(disk, layout, visitor);
    ByteBuffer root = Ext.mapOf(inode);
    if (Ext.hasExtents(inode)) {
      map.node(root, MAX_DEPTH + 1);
    } else {
      map.indirect(root);
    }
  }

  /** A node of an extent tree, which must be less deep than the one above. */
  private void node(ByteBuffer node, int depthAbove) {
    int count = node.getShort(2) & 0xffff;
    int depth = node.getShort(6) & 0xffff;
    if ((node.getShort(0) & 0xffff) != EXTENT_MAGIC
        || depth >= depthAbove
        || count > node.limit() / ENTRY_BYTES - 1
        || ++nodes > MAX_NODES) {
      visitor.lost();
      return;
    }
    for (int i = 1; i <= count; i++) {
      int at = i * ENTRY_BYTES;
      long fileBlock = node.getInt(at) & 0xffffffffL;
      if (depth == 0) {
        int length = node.getShort(at + 4) & 0xffff;
        long block =
            (node.getInt(at + 8) & 0xffffffffL) | ((long) (node.getShort(at + 6) & 0xffff) << 32);
        contents(block, length > UNWRITTEN ? length - UNWRITTEN : length, fileBlock);
      } else {
        long block =
            (node.getInt(at + 4) & 0xffffffffL) | ((long) (node.getShort(at + 8) & 0xffff) << 32);
        visitor.map(block, Kind.EXTENT_BLOCK);
        ByteBuffer below = disk.read(block * blockBytes, blockBytes);
        if (below == null) {
          visitor.lost();
        } else {
          node(below.order(ByteOrder.LITTLE_ENDIAN), depth);
        }
      }
    }
  }

  private void contents(long block, long count, long fileBlock) {
    if (block > 0 && count > 0 && block <= blockCount - count) {
      visitor.contents(block, count, fileBlock);
    }
  }

  private void indirect(ByteBuffer root) {
    for (int i = 0; i < DIRECT; i++) {
      contents(root.getInt(i * 4) & 0xffffffffL, 1, i);
    }
    long perBlock = blockBytes / 4;
    long fileBlock = DIRECT;
    long covers = 1;
    for (int level = 1; level <= 3; level++) {
      covers *= perBlock;
      pointers(root.getInt((DIRECT + level - 1) * 4) & 0xffffffffL, level, covers, fileBlock);
      fileBlock += covers;
    }
  }

  /**
   * An indirect block.
   *
   * @param covers how many blocks of the file it stands for
   */
  private void pointers(long block, int level, long covers, long fileBlock) {
    if (block == 0 || block >= blockCount) {
      return;
    }
    visitor.map(block, Kind.INDIRECT_BLOCK);
    ByteBuffer pointers = ++nodes > MAX_NODES ? null : disk.read(block * blockBytes, blockBytes);
    if (pointers == null) {
      visitor.lost();
      return;
    }
    pointers.order(ByteOrder.LITTLE_ENDIAN);
    long each = covers / (blockBytes / 4);
    for (int i = 0; i < blockBytes / 4; i++) {
      long below = pointers.getInt(i * 4) & 0xffffffffL;
      if (level == 1) {
        contents(below, 1, fileBlock + i);
      } else {
        pointers(below, level - 1, each, fileBlock + i * each);
      }
    }
  }
}
