package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The entries in a block of an ext directory. The blocks of an indexed directory's tree look like
 * ones with a single unused entry, so all can be read alike. Thread-safe: no state.
 */
final class ExtDirectory {
  private static final int HEAD_BYTES = 8;
  private static final int ATTRIBUTE_MAGIC = 0xEA020000;
  private static final int ATTRIBUTE_HEAD_BYTES = 16;
  private static final int INDEX_SYSTEM = 7;

  private ExtDirectory() {}

  /** Shows the entries of one block, to the first that makes no sense. */
  static void entries(ByteBuffer block, PathNames.EntryVisitor visitor) {
    block.order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at + HEAD_BYTES <= block.limit()) {
      long inode = block.getInt(at) & 0xffffffffL;
      int length = block.getShort(at + 4) & 0xffff;
      if (length == 0 || length == 0xffff) {
        length = block.limit() - at; // what 64 KiB are written as
      }
      int nameBytes = block.get(at + 6) & 0xff; // the second byte is a type, or 0
      if (length < HEAD_BYTES || length > block.limit() - at || nameBytes > length - HEAD_BYTES) {
        return;
      }
      if (inode != 0 && nameBytes > 0) {
        byte[] name = new byte[nameBytes];
        block.get(at + HEAD_BYTES, name);
        visitor.entry(name, inode);
      }
      at += length;
    }
  }

  /** A small directory within its inode: part in place of the map, the rest as an attribute. */
  static void inline(ByteBuffer inode, PathNames.EntryVisitor visitor) {
    ByteBuffer map = Ext.mapOf(inode);
    visitor.entry(new byte[] {'.', '.'}, map.getInt(0) & 0xffffffffL);
    entries(map.slice(4, map.limit() - 4), visitor);
    if (inode.limit() < 160) {
      return;
    }
    int start = 128 + (inode.getShort(128) & 0xffff);
    if (start > inode.limit() - 4 || inode.getInt(start) != ATTRIBUTE_MAGIC) {
      return;
    }
    int at = start + 4;
    while (at + ATTRIBUTE_HEAD_BYTES + 4 <= inode.limit() && inode.getInt(at) != 0) {
      int nameBytes = inode.get(at) & 0xff;
      int value = start + 4 + (inode.getShort(at + 2) & 0xffff);
      int valueBytes = inode.getInt(at + 8);
      if ((inode.get(at + 1) & 0xff) == INDEX_SYSTEM
          && nameBytes == 4
          && inode.get(at + ATTRIBUTE_HEAD_BYTES) == 'd'
          && valueBytes > 0
          && value <= inode.limit() - valueBytes) {
        entries(inode.slice(value, valueBytes), visitor);
      }
      at += ATTRIBUTE_HEAD_BYTES + (nameBytes + 3) / 4 * 4;
    }
  }
}
