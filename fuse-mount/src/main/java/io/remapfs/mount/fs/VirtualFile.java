package io.remapfs.mount.fs;

/**
 * A read-only file whose contents are made when somebody looks.
 *
 * <p>{@link #render()} is called once for each open (the reader then sees that one snapshot to its
 * end) and once for each {@code stat}, so that the size told is the true one. Calls come from
 * several session threads at once; a throw becomes EIO.
 */
public interface VirtualFile {
  /** The file's name in the mount point, without a slash. */
  String name();

  /** Its permission bits, such as {@code 0444}. */
  int mode();

  /** The contents now. The caller keeps the array and does not change it. */
  byte[] render();
}
