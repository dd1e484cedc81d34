package io.remapfs.mount.fs;

import io.remapfs.engine.posix.Errno;
import jnr.ffi.Pointer;

/** A virtual file as it was when it was opened. Immutable. */
final class Snapshot implements OpenFile {
  private final byte[] contents;

  Snapshot(byte[] contents) {
    this.contents = contents;
  }

  @Override
  public int read(long byteOffset, Pointer target, int lengthBytes) {
    if (byteOffset < 0 || byteOffset >= contents.length) {
      return 0;
    }
    int count = (int) Math.min(lengthBytes, contents.length - byteOffset);
    target.put(0, contents, (int) byteOffset, count);
    return count;
  }

  @Override
  public int write(long byteOffset, Pointer source, int lengthBytes) {
    return -Errno.EBADF;
  }
}
