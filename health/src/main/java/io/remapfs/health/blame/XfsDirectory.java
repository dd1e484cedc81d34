package io.remapfs.health.blame;

import java.nio.ByteBuffer;

/**
 * The entries of an XFS directory: {@code xfs_dir2_sf_hdr} and {@code xfs_dir2_data_entry} in the
 * kernel's {@code fs/xfs/libxfs/xfs_da_format.h}. Thread-safe: no state.
 */
final class XfsDirectory {
  private static final int SINGLE_V4 = 0x58443242; // XD2B
  private static final int SINGLE_V5 = 0x58444233; // XDB3
  private static final int DATA_V4 = 0x58443244; // XD2D
  private static final int DATA_V5 = 0x58444433; // XDD3
  private static final int UNUSED = 0xffff;

  /** What lies in a directory from this byte on is its index. */
  static final long DATA_END = 1L << 35;

  private XfsDirectory() {}

  /** A small directory within its inode. */
  static void inInode(ByteBuffer fork, boolean fileTypes, PathNames.EntryVisitor visitor) {
    if (fork.limit() < 6) {
      return;
    }
    boolean wide = fork.get(1) != 0;
    int count = wide ? fork.get(1) & 0xff : fork.get(0) & 0xff;
    int numberBytes = wide ? 8 : 4;
    int at = 2 + numberBytes;
    if (at > fork.limit()) {
      return;
    }
    visitor.entry(new byte[] {'.', '.'}, number(fork, 2, wide));
    for (int i = 0; i < count && at < fork.limit(); i++) {
      int nameBytes = fork.get(at) & 0xff;
      int inode = at + 3 + nameBytes + (fileTypes ? 1 : 0);
      if (inode + numberBytes > fork.limit()) {
        return;
      }
      byte[] name = new byte[nameBytes];
      fork.get(at + 3, name);
      visitor.entry(name, number(fork, inode, wide));
      at = inode + numberBytes;
    }
  }

  private static long number(ByteBuffer bytes, int at, boolean wide) {
    return wide ? bytes.getLong(at) : bytes.getInt(at) & 0xffffffffL;
  }

  /**
   * A block of entries, to the first that makes no sense.
   *
   * @return false if it is no such block
   */
  static boolean entries(ByteBuffer block, boolean fileTypes, PathNames.EntryVisitor visitor) {
    int magic = block.getInt(0);
    int end = block.limit();
    if (magic == SINGLE_V4 || magic == SINGLE_V5) {
      long index = 8 + 8 * (block.getInt(end - 8) & 0xffffffffL);
      if (index > end) {
        return false;
      }
      end -= (int) index;
    } else if (magic != DATA_V4 && magic != DATA_V5) {
      return false;
    }
    int at = magic == SINGLE_V5 || magic == DATA_V5 ? 64 : 16;
    while (at + 16 <= end) {
      if ((block.getShort(at) & 0xffff) == UNUSED) {
        int length = block.getShort(at + 2) & 0xffff;
        if (length == 0 || length % 8 != 0) {
          return false;
        }
        at += length;
        continue;
      }
      int nameBytes = block.get(at + 8) & 0xff;
      int length = (8 + 1 + nameBytes + (fileTypes ? 1 : 0) + 2 + 7) / 8 * 8;
      if (nameBytes == 0 || length > end - at) {
        return false;
      }
      byte[] name = new byte[nameBytes];
      block.get(at + 9, name);
      visitor.entry(name, block.getLong(at));
      at += length;
    }
    return true;
  }
}
