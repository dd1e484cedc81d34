package io.remapfs.health.blame;

import java.nio.ByteBuffer;

/**
 * Goes through a B+tree of an allocation group, whose blocks are named by numbers within the group.
 * Thread-safe: no state.
 */
final class XfsTree {
  private static final int MAX_LEVELS = 10;

  /** Each kind of such a tree. */
  enum Shape {
    FREE_SPACE(8, 8),
    INODES(16, 4),
    REVERSE_MAP(24, 40),
    REFERENCE_COUNTS(12, 4);

    final int recordBytes;
    final int keyBytes;

    Shape(int recordBytes, int keyBytes) {
      this.recordBytes = recordBytes;
      this.keyBytes = keyBytes;
    }
  }

  /** Receives what is in the tree. */
  interface Visitor {
    /** A block of the tree, by its first byte. */
    void node(long byteOffset);

    /** A record at this place of a leaf. */
    void leafRecord(ByteBuffer leaf, int at);

    /** A block that cannot be read or understood. */
    void lost();
  }

  private final DiskBytes disk;
  private final XfsLayout layout;
  private final long group;
  private final Shape shape;
  private final Visitor visitor;
  private long nodes;

  private XfsTree(DiskBytes disk, XfsLayout layout, long group, Shape shape, Visitor visitor) {
    this.disk = disk;
    this.layout = layout;
    this.group = group;
    this.shape = shape;
    this.visitor = visitor;
  }

  /** Shows a whole tree. */
  static void walk(
      DiskBytes disk,
      XfsLayout layout,
      long group,
      Shape shape,
      long root,
      int levels,
      Visitor visitor) {
    if (levels >= 1 && levels <= MAX_LEVELS) {
      new XfsTree(disk, layout, group, shape, visitor).node(root, levels - 1);
    } else {
      visitor.lost();
    }
  }

  private void node(long block, int level) {
    if (block <= 0 || block >= layout.blocksOf(group) || ++nodes > layout.blocksOf(group)) {
      visitor.lost();
      return;
    }
    long byteOffset = layout.byteOf(group, block);
    visitor.node(byteOffset);
    ByteBuffer node = disk.read(byteOffset, layout.blockBytes);
    int head = layout.version5 ? 56 : 16;
    int entryBytes = level == 0 ? shape.recordBytes : shape.keyBytes + 4;
    int most = (layout.blockBytes - head) / entryBytes;
    if (node == null
        || (node.getShort(4) & 0xffff) != level
        || (node.getShort(6) & 0xffff) > most) {
      visitor.lost();
      return;
    }
    int count = node.getShort(6) & 0xffff;
    for (int i = 0; i < count; i++) {
      if (level == 0) {
        visitor.leafRecord(node, head + i * shape.recordBytes);
      } else {
        node(node.getInt(head + most * shape.keyBytes + i * 4) & 0xffffffffL, level - 1);
      }
    }
  }
}
