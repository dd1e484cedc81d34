package io.remapfs.health.blame;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The places that are asked about, and who turned out to use them. All in bytes of one file system.
 *
 * <p>Invariant: the places are ascending and do not overlap. Not thread-safe.
 */
final class Claims {
  /** More users of one place than that are only counted: a block can be shared by a thousand. */
  private static final int MAX_PER_PLACE = 256;

  /**
   * Past this many of all places together, a further user of a stretch that has one is only
   * counted: three hundred clones of a large file on xfs would need more heap than the command has.
   * What a claim comes to in the answer, with a name, is about 250 bytes.
   */
  static final int MAX_SHARED = 1 << 16;

  /**
   * One user of a place or of a part of it.
   *
   * @param fileOffset where in its file the part begins; -1 where that has no meaning
   */
  record Claim(
      long startByte,
      long endByte,
      Kind kind,
      long inode,
      int inodeCount,
      long fileOffset,
      long fileSizeBytes) {}

  private final long[] starts;
  private final long[] ends;
  private final List<List<Claim>> found = new ArrayList<>();
  private final int[] dropped;
  private int total;

  /** For places from {@code starts[i]} to before {@code ends[i]}. */
  Claims(long[] starts, long[] ends) {
    this.starts = starts;
    this.ends = ends;
    this.dropped = new int[starts.length];
    for (int i = 0; i < starts.length; i++) {
      found.add(new ArrayList<>(1));
      if (starts[i] >= ends[i] || (i > 0 && starts[i] < ends[i - 1])) {
        throw new IllegalStateException("place " + i + " is empty or overlaps the one before");
      }
    }
  }

  int size() {
    return starts.length;
  }

  long start(int place) {
    return starts[place];
  }

  long end(int place) {
    return ends[place];
  }

  List<Claim> of(int place) {
    return found.get(place);
  }

  int dropped(int place) {
    return dropped[place];
  }

  /** Somebody's contents from {@code fileOffset} of the file on. */
  void contents(
      long startByte, long lengthBytes, Kind kind, long inode, long fileOffset, long sizeBytes) {
    add(startByte, lengthBytes, kind, inode, 1, fileOffset, sizeBytes);
  }

  /** What belongs to an inode but is not its contents. */
  void belonging(long startByte, long lengthBytes, Kind kind, long inode) {
    add(startByte, lengthBytes, kind, inode, 1, -1, -1);
  }

  /** What belongs to the whole file system. */
  void own(long startByte, long lengthBytes, Kind kind) {
    add(startByte, lengthBytes, kind, 0, 0, -1, -1);
  }

  /** A row of inodes, the first of which has this number. */
  void inodes(long startByte, long count, int inodeBytes, long firstInode) {
    long end = startByte + count * inodeBytes;
    for (int place = firstAfter(startByte); place < starts.length && starts[place] < end; place++) {
      long from = Math.max(starts[place], startByte);
      long to = Math.min(ends[place], end);
      long first = firstInode + (from - startByte) / inodeBytes;
      long last = firstInode + (to - 1 - startByte) / inodeBytes;
      put(
          place,
          new Claim(from, to, Kind.INODE_TABLE, first, Math.toIntExact(last - first + 1), -1, -1));
    }
  }

  private void add(
      long startByte, long lengthBytes, Kind kind, long inode, int count, long offset, long size) {
    long end = startByte + lengthBytes;
    for (int place = firstAfter(startByte); place < starts.length && starts[place] < end; place++) {
      long from = Math.max(starts[place], startByte);
      long inFile = offset < 0 ? -1 : offset + (from - startByte);
      put(place, new Claim(from, Math.min(ends[place], end), kind, inode, count, inFile, size));
    }
  }

  /** The first place that ends after this byte. */
  private int firstAfter(long startByte) {
    int at = Arrays.binarySearch(ends, startByte);
    return at >= 0 ? at + 1 : -at - 1;
  }

  private void put(int place, Claim claim) {
    List<Claim> claims = found.get(place);
    boolean room =
        total < MAX_SHARED
            || claims.stream().noneMatch(other -> other.startByte() == claim.startByte());
    if (room && claims.size() < MAX_PER_PLACE) {
      claims.add(claim);
      total++;
    } else {
      dropped[place]++;
    }
  }
}
