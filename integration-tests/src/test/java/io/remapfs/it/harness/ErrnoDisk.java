package io.remapfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import jnr.ffi.Pointer;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * A disk image that answers with any errno: a file system of this process with one file. The NBD
 * protocol behind {@link FailingDisk} can carry seven of them only, and a real device gives ENODEV
 * or ETIMEDOUT when it pleases.
 *
 * <p>Faults hold for every request after the call that set them returned. Thread-safe.
 */
public final class ErrnoDisk extends FuseStubFS implements AutoCloseable {
  private static final String NAME = "/disk.img";
  private static final int EIO = 5;
  private static final int ENOENT = 2;
  private static final int EINTR = 4;
  private static final int EOPNOTSUPP = 95;
  private static final int S_IFDIR = 0040755;
  private static final int S_IFREG = 0100600;

  private final Path mountPoint;
  private final FileChannel store;
  private final AtomicLong requests = new AtomicLong();
  private volatile int readErrno;
  private volatile int writeErrno;
  private volatile int flushErrno;
  private volatile boolean restless;

  private ErrnoDisk(Path mountPoint, Path store) throws IOException {
    this.mountPoint = mountPoint;
    this.store = FileChannel.open(store, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** Serves {@code store} as a file below {@code folder}; healthy. */
  public static ErrnoDisk over(Path store, Path folder) {
    try {
      ErrnoDisk disk = new ErrnoDisk(Files.createDirectories(folder), store);
      disk.mount(folder, false, false, new String[] {"-o", "attr_timeout=0,default_permissions"});
      Await.until("errno disk", () -> Files.size(disk.image()) == Files.size(store));
      return disk;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file to use. */
  public Path image() {
    return mountPoint.resolve(NAME.substring(1));
  }

  /** Reads fail with an errno; 0 heals. */
  public ErrnoDisk failReads(int errno) {
    readErrno = errno;
    return this;
  }

  /** Writes fail with an errno; 0 heals. */
  public ErrnoDisk failWrites(int errno) {
    writeErrno = errno;
    return this;
  }

  /** fsync fails with an errno; 0 heals. */
  public ErrnoDisk failFlushes(int errno) {
    flushErrno = errno;
    return this;
  }

  /** Every third request is interrupted, and of the others every second is done in part. */
  public void beRestless() {
    restless = true;
  }

  /** How many bytes of a request to do; negative is an errno. */
  private int share(int errno, long lengthBytes) {
    if (errno != 0) {
      return -errno;
    }
    long number = requests.incrementAndGet();
    if (restless && number % 3 == 0) {
      return -EINTR;
    }
    boolean part = restless && number % 2 == 0 && lengthBytes > 4096;
    return (int) (part ? lengthBytes / 2 / 512 * 512 : lengthBytes);
  }

  @Override
  public int getattr(String path, FileStat stat) {
    if (path.equals("/")) {
      stat.st_mode.set(S_IFDIR);
      stat.st_nlink.set(2);
      return 0;
    }
    if (!path.equals(NAME)) {
      return -ENOENT;
    }
    stat.st_mode.set(S_IFREG);
    stat.st_nlink.set(1);
    try {
      stat.st_size.set(store.size());
      return 0;
    } catch (IOException e) {
      return -EIO;
    }
  }

  @Override
  public int open(String path, FuseFileInfo info) {
    return path.equals(NAME) ? 0 : -ENOENT;
  }

  @Override
  public int read(String path, Pointer to, long lengthBytes, long byteOffset, FuseFileInfo info) {
    int share = share(readErrno, lengthBytes);
    if (share <= 0) {
      return share;
    }
    try {
      ByteBuffer bytes = ByteBuffer.allocate(share);
      int n = store.read(bytes, byteOffset);
      if (n > 0) {
        to.put(0, bytes.array(), 0, n);
      }
      return Math.max(0, n);
    } catch (IOException e) {
      return -EIO;
    }
  }

  @Override
  public int write(String path, Pointer from, long lengthBytes, long byteOffset, FuseFileInfo i) {
    int share = share(writeErrno, lengthBytes);
    if (share <= 0) {
      return share;
    }
    try {
      byte[] bytes = new byte[share];
      from.get(0, bytes, 0, share);
      return store.write(ByteBuffer.wrap(bytes), byteOffset);
    } catch (IOException e) {
      return -EIO;
    }
  }

  @Override
  public int fsync(String path, int dataOnly, FuseFileInfo info) {
    int share = share(flushErrno, 1);
    return Math.min(0, share);
  }

  @Override
  public int flush(String path, FuseFileInfo info) {
    return 0;
  }

  @Override
  public int fallocate(String path, int mode, long byteOffset, long length, FuseFileInfo info) {
    return -EOPNOTSUPP;
  }

  @Override
  public void close() throws IOException {
    if (MountTable.isMounted(mountPoint)) {
      Shell.run("umount", mountPoint.toString()).orFail();
    }
    store.close();
  }
}
