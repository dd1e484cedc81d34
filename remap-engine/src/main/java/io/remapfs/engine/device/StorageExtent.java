package io.remapfs.engine.device;

import java.nio.file.Path;

/**
 * A stretch of a disk or file that somebody's bytes lie on.
 *
 * @param object tells the disk or file from every other: "disk 8:0", "file 64768:1234"
 * @param node by which name it can be opened
 * @param from the first byte
 * @param to the byte behind the last one; {@link #END} for all there is and will be
 */
record StorageExtent(String object, Path node, long from, long to) {
  /** Behind whatever a file may grow to. */
  static final long END = Long.MAX_VALUE;

  boolean isDisk() {
    return object.startsWith("disk ");
  }

  boolean overlaps(StorageExtent other) {
    return object.equals(other.object) && from < other.to && other.from < to;
  }
}
