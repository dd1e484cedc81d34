package io.remapfs.mount.daemon;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import jnr.posix.FileStat;
import org.jspecify.annotations.Nullable;

/**
 * A log that only its owner reads, whatever the directory is like that it lies in: it is never
 * opened through a symbolic link, never one that somebody else made, and its mode is 0600.
 *
 * <p>When it has grown to its limit, its contents are copied to a second file and it begins anew.
 * (Renaming would need rights on the directory, which a daemon that dropped root has not.) So the
 * two never take more than twice the limit, except where the second cannot be written: then what is
 * in the first is lost.
 *
 * <p>Thread-safe. Failed writes of a line are reported to the caller and lose that line only.
 */
final class LogFile extends OutputStream {
  private static final int OWNER_ONLY = 0600;
  private static final int COPY_BYTES = 64 << 10;
  private static final int NOT_OPEN = -1;

  private final Path path;
  private final long limitBytes;
  private final int fd;
  private int previousFd = NOT_OPEN;
  private long sizeBytes;

  private LogFile(Path path, long limitBytes, int fd, long sizeBytes) {
    this.path = path;
    this.limitBytes = limitBytes;
    this.fd = fd;
    this.sizeBytes = sizeBytes;
  }

  /**
   * Opens it to append, and makes it where it is missing.
   *
   * @param limitBytes at what size it begins anew
   * @throws IOException if it cannot be opened, or is not to be trusted
   */
  static LogFile open(Path path, long limitBytes) throws IOException {
    int fd = openPrivate(path);
    return new LogFile(path, limitBytes, fd, Posix.fstat(fd).st_size());
  }

  private static int openPrivate(Path path) throws IOException {
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_APPEND | Posix.O_NOFOLLOW | Posix.O_CLOEXEC;
    int fd = Posix.open(path.toString(), flags, OWNER_ONLY);
    if (fd < 0) {
      throw new IOException(path + " cannot be opened: " + Errno.describe(Posix.errno()));
    }
    FileStat stat = Posix.fstat(fd);
    if (!stat.isFile()) { // such as /dev/null
      return fd;
    }
    // Whoever owns it could read it, and a second name may be anything of ours.
    if (stat.uid() != Posix.effectiveUid() || stat.nlink() != 1) {
      Posix.close(fd);
      throw new IOException(path + " belongs to another user, or has another name too");
    }
    if (Posix.fchmod(fd, OWNER_ONLY) != 0) {
      int errno = Posix.errno();
      Posix.close(fd);
      throw new IOException(path + " cannot be closed to others: " + Errno.describe(errno));
    }
    return fd;
  }

  /** Opens all that it will ever need, before the process may no longer. */
  synchronized void keepForAnotherUser() {
    if (previousFd == NOT_OPEN && isFile()) {
      previousFd = openPrevious();
    }
  }

  private boolean isFile() {
    return Posix.fstat(fd).isFile();
  }

  @Override
  public void write(int oneByte) throws IOException {
    write(new byte[] {(byte) oneByte}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int lengthBytes) throws IOException {
    if (sizeBytes > 0 && sizeBytes + lengthBytes > limitBytes) {
      beginAnew();
    }
    append(fd, Arrays.copyOfRange(bytes, offset, offset + lengthBytes));
    sizeBytes += lengthBytes;
  }

  private static void append(int fd, byte[] bytes) throws IOException {
    byte[] left = bytes;
    while (left.length > 0) {
      long written = Posix.write(fd, left, left.length);
      if (written < 0) {
        throw new IOException("the log cannot be written: " + Errno.describe(Posix.errno()));
      }
      left = Arrays.copyOfRange(left, (int) written, left.length);
    }
  }

  private void beginAnew() {
    int previous = previousFd != NOT_OPEN ? previousFd : openPrevious();
    if (previous != NOT_OPEN && Posix.ftruncate(previous, 0) == 0) {
      previousFd = previous;
      copyTo(previous);
    }
    if (Posix.ftruncate(fd, 0) == 0) {
      sizeBytes = 0;
    }
  }

  private void copyTo(int previous) {
    byte[] chunk = new byte[COPY_BYTES];
    long at = 0;
    try {
      for (long count = Posix.pread(fd, chunk, COPY_BYTES, at);
          count > 0;
          count = Posix.pread(fd, chunk, COPY_BYTES, at)) {
        append(previous, Arrays.copyOf(chunk, (int) count));
        at += count;
      }
    } catch (IOException e) {
      return; // A full disk, most likely. The newest lines matter more than the oldest.
    }
  }

  private int openPrevious() {
    @Nullable Path name = path.getFileName();
    try {
      return openPrivate(path.resolveSibling(name + ".1"));
    } catch (IOException e) {
      return NOT_OPEN;
    }
  }

  @Override
  public synchronized void close() {
    Posix.close(fd);
    if (previousFd != NOT_OPEN) {
      Posix.close(previousFd);
    }
  }
}
