package io.remapfs.mount.fs;

import io.remapfs.engine.posix.Errno;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * One open of {@code control}: a command goes in with one write, its answer comes out with the
 * reads that follow, then end of file; a next write begins the next exchange.
 *
 * <p>Offsets are ignored, as on a socket: a shell's descriptor stands behind the command after
 * writing it, a Java channel may have been wound back to 0, and both mean "the answer, please".
 *
 * <p>Thread-safe; exchanges on one open happen one after another.
 */
final class ControlConversation implements OpenFile {
  /** "Message too long". */
  private static final int EMSGSIZE = 90;

  private final ControlFile control;
  private byte @Nullable [] answer;
  private int answered;

  ControlConversation(ControlFile control) {
    this.control = control;
  }

  @Override
  public synchronized int write(long byteOffset, Pointer source, int lengthBytes) {
    if (lengthBytes > ControlFile.MAX_COMMAND_BYTES) {
      return -EMSGSIZE;
    }
    if (lengthBytes <= 0) {
      return 0;
    }
    answer = null;
    answered = 0;
    byte[] command = new byte[lengthBytes];
    source.get(0, command, 0, lengthBytes);
    answer = control.execute(command);
    return lengthBytes;
  }

  @Override
  public synchronized int read(long byteOffset, Pointer target, int lengthBytes) {
    byte[] bytes = answer;
    if (bytes == null) {
      return -Errno.ENODATA;
    }
    int count = Math.min(lengthBytes, bytes.length - answered);
    target.put(0, bytes, answered, count);
    answered += count;
    return count;
  }
}
