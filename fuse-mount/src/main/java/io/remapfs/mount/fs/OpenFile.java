package io.remapfs.mount.fs;

import jnr.ffi.Pointer;

/** One open of a file other than the image. Thread-safe. Results below zero are negative errnos. */
sealed interface OpenFile permits Snapshot, ControlConversation {
  /** Copies up to {@code lengthBytes} bytes to {@code target}: the count, or a negative errno. */
  int read(long byteOffset, Pointer target, int lengthBytes);

  /** Takes {@code lengthBytes} bytes from {@code source}: the count, or a negative errno. */
  int write(long byteOffset, Pointer source, int lengthBytes);
}
