package io.remapfs.mount.fs;

import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.Posix;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * The mount point's one directory: {@code image}, the virtual files, and {@code control}.
 *
 * <p>The tree is fixed: what would make, remove, rename or re-own a file is EPERM. Every callback
 * runs on a session's thread, several at once, and answers with 0, a count or a negative errno;
 * none lets an exception out, because above it there is only native code.
 *
 * <p>Handles: the image has two fixed ones ({@link ImageFile}), which is how a session's fast path
 * knows it without a look-up; every other open has its own number and its own {@link OpenFile}.
 *
 * <p>One object serves one mount. Thread-safe.
 */
public final class RemapFileSystem extends FuseStubFS {
  /** The name of the image in the mount point. */
  public static final String IMAGE_NAME = "image";

  /** The name of the control file in the mount point. */
  public static final String CONTROL_NAME = "control";

  // sys/stat.h, fcntl.h
  private static final int S_IFDIR = 0040000;
  private static final int S_IFREG = 0100000;
  private static final int O_ACCMODE = 3;

  /** struct fuse_file_info: jnr-fuse has its bit field at the wrong place; it is the int at 20. */
  private static final int FILE_INFO_BITS = 20;

  private static final int BIT_DIRECT_IO = 1;
  private static final int BIT_KEEP_CACHE = 2;

  private static final int STAT_BLOCK_BYTES = 512;
  private static final int PREFERRED_IO_BYTES = 4096;
  private static final long FIRST_OPEN_HANDLE = 16;

  private final ImageFile image;
  private final Map<String, VirtualFile> files = new LinkedHashMap<>();
  private final ControlFile control;
  private final ConcurrentHashMap<Long, OpenFile> openFiles = new ConcurrentHashMap<>();
  private final AtomicLong nextHandle = new AtomicLong(FIRST_OPEN_HANDLE);
  private final ImageTransfers imageTransfers;
  private final Clock clock = Clock.systemUTC();
  private final long mountedAtSeconds = clock.instant().getEpochSecond();
  private final int uid;
  private final int gid;
  private volatile boolean throughPageCache;
  private volatile CountDownLatch initialised = new CountDownLatch(1);

  /**
   * Describes the mount point; nothing is mounted yet.
   *
   * @param engine not owned: it must stay open until the session has ended
   * @param files the virtual files, in the order in which the directory lists them
   * @param readOnly refuses every write with EROFS
   * @throws UnsatisfiedLinkError if libfuse 2 is not installed
   */
  public RemapFileSystem(
      RemapEngine engine, List<VirtualFile> files, ControlFile control, boolean readOnly) {
    this(engine, files, control, readOnly, Posix.effectiveUid(), Posix.effectiveGid());
  }

  /**
   * The same for a daemon that will run as another user.
   *
   * @param uid whose the files are, and who may, besides root, open {@code control}
   * @param gid their group
   */
  public RemapFileSystem(
      RemapEngine engine,
      List<VirtualFile> files,
      ControlFile control,
      boolean readOnly,
      int uid,
      int gid) {
    this.uid = uid;
    this.gid = gid;
    this.image = new ImageFile(engine, readOnly);
    this.imageTransfers = new ImageTransfers(image);
    this.control = control;
    for (VirtualFile file : files) {
      this.files.put(file.name(), file);
    }
  }

  /** The image, for a session's fast path. */
  public ImageFile image() {
    return image;
  }

  /** The callbacks as libfuse takes them. */
  public FuseOperations operations() {
    return fuseOperations;
  }

  /** Serves the image through the kernel's page cache, from the next open on. */
  public void serveThroughPageCache() {
    throughPageCache = true;
  }

  /** A latch that opens when libfuse next sees a kernel's INIT; for one mount attempt. */
  public CountDownLatch expectInit() {
    CountDownLatch latch = new CountDownLatch(1);
    initialised = latch;
    return latch;
  }

  /**
   * Does nothing: jnr-fuse calls it from a shutdown hook of its own, with a lazy unmount that would
   * race with the session's ordered one.
   */
  @Override
  public void umount() {}

  @Override
  protected String getFSName() {
    return "remapfs";
  }

  @Override
  public @Nullable Pointer init(Pointer connection) {
    initialised.countDown();
    return null;
  }

  @Override
  public int getattr(String path, FileStat stat) {
    return answer("getattr", () -> fillStat(path, stat));
  }

  // By name, also for an open file: for fstat(2) the kernel does not tell which open is meant.
  private int fillStat(String path, FileStat stat) {
    String name = path.substring(1);
    if (name.isEmpty()) {
      return fill(stat, S_IFDIR | 0555, 2, 0, mountedAtSeconds);
    }
    if (name.equals(IMAGE_NAME)) {
      int mode = S_IFREG | (image.isReadOnly() ? 0400 : 0600);
      return fill(stat, mode, 1, image.sizeBytes(), mountedAtSeconds);
    }
    long nowSeconds = clock.instant().getEpochSecond();
    if (name.equals(CONTROL_NAME)) {
      return fill(stat, S_IFREG | 0600, 1, 0, nowSeconds);
    }
    VirtualFile file = files.get(name);
    if (file == null) {
      return -Errno.ENOENT;
    }
    return fill(stat, S_IFREG | file.mode(), 1, file.render().length, nowSeconds);
  }

  private int fill(FileStat stat, int mode, int links, long sizeBytes, long seconds) {
    stat.st_mode.set(mode);
    stat.st_nlink.set(links);
    stat.st_uid.set(uid);
    stat.st_gid.set(gid);
    stat.st_size.set(sizeBytes);
    stat.st_blksize.set(PREFERRED_IO_BYTES);
    stat.st_blocks.set((sizeBytes + STAT_BLOCK_BYTES - 1) / STAT_BLOCK_BYTES);
    stat.st_atim.tv_sec.set(seconds);
    stat.st_mtim.tv_sec.set(seconds);
    stat.st_ctim.tv_sec.set(seconds);
    return 0;
  }

  @Override
  public int readdir(
      String path, Pointer buffer, FuseFillDir filler, long offset, FuseFileInfo info) {
    return answer("readdir", () -> fillDirectory(buffer, filler));
  }

  private int fillDirectory(Pointer buffer, FuseFillDir filler) {
    filler.apply(buffer, ".", null, 0);
    filler.apply(buffer, "..", null, 0);
    filler.apply(buffer, IMAGE_NAME, null, 0);
    for (String name : files.keySet()) {
      filler.apply(buffer, name, null, 0);
    }
    filler.apply(buffer, CONTROL_NAME, null, 0);
    return 0;
  }

  @Override
  public int open(String path, FuseFileInfo info) {
    return answer("open", () -> openByName(path.substring(1), info));
  }

  private int openByName(String name, FuseFileInfo info) {
    boolean writes = (info.flags.intValue() & O_ACCMODE) != 0;
    if (name.equals(IMAGE_NAME)) {
      if (writes && image.isReadOnly()) {
        return -Errno.EROFS;
      }
      info.fh.set(writes ? ImageFile.WRITE_HANDLE : ImageFile.READ_HANDLE);
      setBits(info, throughPageCache ? BIT_KEEP_CACHE : BIT_DIRECT_IO);
      return 0;
    }
    OpenFile opened;
    if (name.equals(CONTROL_NAME)) {
      if (!mayCommand((int) getContext().uid.get())) {
        return -Errno.EACCES;
      }
      opened = new ControlConversation(control);
    } else {
      VirtualFile file = files.get(name);
      if (file == null) {
        return -Errno.ENOENT;
      }
      if (writes) {
        return -Errno.EACCES;
      }
      opened = new Snapshot(file.render());
    }
    long handle = nextHandle.getAndIncrement();
    openFiles.put(handle, opened);
    info.fh.set(handle);
    // The kernel's cache and its idea of the size must not come between a reader and the snapshot.
    setBits(info, BIT_DIRECT_IO);
    return 0;
  }

  /**
   * The mode alone would let in whoever has a capability that goes past modes. Root may, as he
   * could become that user anyway, and is the only one who sees a mount of his without allow_other.
   */
  private boolean mayCommand(int caller) {
    return caller == uid || caller == 0;
  }

  private static void setBits(FuseFileInfo info, int bits) {
    Pointer memory = Struct.getMemory(info);
    memory.putInt(FILE_INFO_BITS, memory.getInt(FILE_INFO_BITS) | bits);
  }

  @Override
  public int read(String path, Pointer target, long size, long offset, FuseFileInfo info) {
    return answer(
        "read",
        () -> {
          long handle = info.fh.longValue();
          if (ImageFile.isHandle(handle)) {
            return imageTransfers.read(target, offset, (int) size);
          }
          OpenFile open = openFiles.get(handle);
          return open == null ? -Errno.EBADF : open.read(offset, target, (int) size);
        });
  }

  @Override
  public int write(String path, Pointer source, long size, long offset, FuseFileInfo info) {
    return answer(
        "write",
        () -> {
          long handle = info.fh.longValue();
          if (ImageFile.isHandle(handle)) {
            return imageTransfers.write(source, offset, (int) size);
          }
          OpenFile open = openFiles.get(handle);
          return open == null ? -Errno.EBADF : open.write(offset, source, (int) size);
        });
  }

  @Override
  public int flush(String path, FuseFileInfo info) {
    return info.fh.longValue() == ImageFile.WRITE_HANDLE && !image.isReadOnly() ? image.flush() : 0;
  }

  @Override
  public int fsync(String path, int dataOnly, FuseFileInfo info) {
    return ImageFile.isHandle(info.fh.longValue()) && !image.isReadOnly() ? image.flush() : 0;
  }

  @Override
  public int fallocate(String path, int mode, long offset, long length, FuseFileInfo info) {
    return ImageFile.isHandle(info.fh.longValue())
        ? image.fallocate(mode, offset, length)
        : -Errno.EOPNOTSUPP;
  }

  @Override
  public int truncate(String path, long size) {
    if (path.equals("/" + IMAGE_NAME)) {
      return image.truncate(size);
    }
    // A shell's "> control" cuts before it writes; there is nothing to cut.
    return path.equals("/" + CONTROL_NAME) && size == 0 ? 0 : -Errno.EPERM;
  }

  @Override
  public int release(String path, FuseFileInfo info) {
    return answer(
        "release",
        () -> {
          openFiles.remove(info.fh.longValue());
          return 0;
        });
  }

  @Override
  public int statfs(String path, Statvfs stat) {
    return answer(
        "statfs",
        () -> {
          stat.f_bsize.set(PREFERRED_IO_BYTES);
          stat.f_frsize.set(PREFERRED_IO_BYTES);
          stat.f_blocks.set((image.sizeBytes() + PREFERRED_IO_BYTES - 1) / PREFERRED_IO_BYTES);
          stat.f_files.set(files.size() + 2L);
          stat.f_namemax.set(255);
          return 0;
        });
  }

  @Override
  public int create(String path, long mode, FuseFileInfo info) {
    return -Errno.EPERM;
  }

  @Override
  public int mknod(String path, long mode, long device) {
    return -Errno.EPERM;
  }

  @Override
  public int mkdir(String path, long mode) {
    return -Errno.EPERM;
  }

  @Override
  public int unlink(String path) {
    return -Errno.EPERM;
  }

  @Override
  public int rmdir(String path) {
    return -Errno.EPERM;
  }

  @Override
  public int symlink(String target, String path) {
    return -Errno.EPERM;
  }

  @Override
  public int link(String path, String newPath) {
    return -Errno.EPERM;
  }

  @Override
  public int rename(String path, String newPath) {
    return -Errno.EPERM;
  }

  @Override
  public int chmod(String path, long mode) {
    return -Errno.EPERM;
  }

  @Override
  public int chown(String path, long owner, long group) {
    return -Errno.EPERM;
  }

  @Override
  public int utimens(String path, Timespec[] times) {
    return -Errno.EPERM;
  }

  private static int answer(String operation, IntSupplier callback) {
    try {
      return callback.getAsInt();
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno(operation, failure);
    }
  }
}
