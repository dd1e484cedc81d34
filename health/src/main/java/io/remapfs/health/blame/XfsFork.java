package io.remapfs.health.blame;

import java.nio.ByteBuffer;

/**
 * One of the two maps of an XFS inode: of its contents, or of its extended attributes. Thread-safe:
 * no state.
 */
final class XfsFork {
  private static final int LOCAL = 1;
  private static final int EXTENTS = 2;
  private static final int BTREE = 3;
  private static final int EXTENT_BYTES = 16;
  private static final int MAX_LEVELS = 10;
  private static final long MAX_NODES = 1 << 22;

  /** Receives what the map says. All in blocks of the file system. */
  interface Visitor {
    /** Contents from {@code fileBlock} on. */
    void contents(long block, long count, long fileBlock);

    /** A block of the map itself. */
    void map(long block);

    /** A block of the map that cannot be read or understood. */
    void lost();
  }

  private final DiskBytes disk;
  private final XfsLayout layout;
  private final Visitor visitor;
  private long nodes;

  private XfsFork(DiskBytes disk, XfsLayout layout, Visitor visitor) {
    this.disk = disk;
    this.layout = layout;
    this.visitor = visitor;
  }

  /** How long the fixed part of an inode is. */
  private static int coreBytes(ByteBuffer inode) {
    return inode.get(4) >= 3 ? 176 : 100;
  }

  /** What is in the inode of its contents or their map. */
  static ByteBuffer data(ByteBuffer inode) {
    int core = coreBytes(inode);
    int attributes = (inode.get(82) & 0xff) * 8;
    int end = attributes == 0 ? inode.limit() : Math.min(core + attributes, inode.limit());
    return inode.slice(core, end - core);
  }

  static boolean isLocal(ByteBuffer inode) {
    return inode.get(5) == LOCAL;
  }

  /** Shows the map of the contents. */
  static void walkData(DiskBytes disk, XfsLayout layout, ByteBuffer inode, Visitor visitor) {
    boolean wide = inode.get(4) >= 3 && (inode.getLong(120) & 0x10) != 0; // NREXT64
    long extents = wide ? inode.getLong(24) : inode.getInt(76) & 0xffffffffL;
    new XfsFork(disk, layout, visitor).walk(data(inode), inode.get(5), extents);
  }

  /** Shows the map of the extended attributes. */
  static void walkAttributes(DiskBytes disk, XfsLayout layout, ByteBuffer inode, Visitor visitor) {
    int begin = coreBytes(inode) + (inode.get(82) & 0xff) * 8;
    if (inode.get(82) == 0 || begin >= inode.limit()) {
      return;
    }
    boolean wide = inode.get(4) >= 3 && (inode.getLong(120) & 0x10) != 0;
    long extents = wide ? inode.getInt(76) & 0xffffffffL : inode.getShort(80) & 0xffff;
    new XfsFork(disk, layout, visitor)
        .walk(inode.slice(begin, inode.limit() - begin), inode.get(83), extents);
  }

  private void walk(ByteBuffer fork, int format, long extents) {
    if (format == EXTENTS) {
      extents(fork, 0, Math.min(extents, fork.limit() / EXTENT_BYTES));
    } else if (format == BTREE) {
      int level = fork.getShort(0) & 0xffff;
      int count = fork.getShort(2) & 0xffff;
      int most = (fork.limit() - 4) / 16;
      if (level < 1 || level > MAX_LEVELS || count > most) {
        visitor.lost();
        return;
      }
      for (int i = 0; i < count; i++) {
        node(fork.getLong(4 + most * 8 + i * 8), level - 1);
      }
    }
  }

  private void node(long block, int level) {
    ByteBuffer node = null;
    if (layout.holds(block, 1) && ++nodes <= MAX_NODES) {
      visitor.map(block);
      node = disk.read(layout.byteOf(block), layout.blockBytes);
    }
    int head = layout.version5 ? 72 : 24;
    int most = (layout.blockBytes - head) / 16;
    if (node == null
        || (node.getShort(4) & 0xffff) != level
        || (node.getShort(6) & 0xffff) > most) {
      visitor.lost();
      return;
    }
    int count = node.getShort(6) & 0xffff;
    if (level == 0) {
      extents(node, head, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      node(node.getLong(head + most * 8 + i * 8), level - 1);
    }
  }

  /** Records of 128 bits: flag 1, file block 54, block 52, count 21. */
  private void extents(ByteBuffer bytes, int from, long count) {
    for (int i = 0; i < count; i++) {
      long high = bytes.getLong(from + i * EXTENT_BYTES);
      long low = bytes.getLong(from + i * EXTENT_BYTES + 8);
      long fileBlock = (high & Long.MAX_VALUE) >>> 9;
      long block = ((high & 0x1ff) << 43) | (low >>> 21);
      long blocks = low & 0x1fffff;
      if (layout.holds(block, blocks)) {
        visitor.contents(block, blocks, fileBlock);
      }
    }
  }
}
