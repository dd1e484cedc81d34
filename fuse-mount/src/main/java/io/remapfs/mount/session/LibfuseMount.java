package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.fs.RemapFileSystem;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;

/**
 * A mount made by libfuse, whose loop is left to us: its objects, and clones of its descriptor.
 *
 * <p>Owned by one session. {@link #destroy()} must come after the last {@link #process}.
 */
final class LibfuseMount {
  private final LibFuse2 libfuse;
  private final long fuse;
  private final long session;
  private final int fd;
  private volatile InitWishes wishes = InitWishes.USUAL;
  private volatile int agreedFlags2;

  private LibfuseMount(LibFuse2 libfuse, long fuse, long session, int fd) {
    this.libfuse = libfuse;
    this.fuse = fuse;
    this.session = session;
    this.fd = fd;
  }

  /**
   * Mounts.
   *
   * @throws MountException if libfuse refuses; it says more on standard error
   */
  static LibfuseMount mount(RemapFileSystem fs, MountTarget mountPoint, SessionOptions options) {
    LibFuse2 libfuse = LibFuse2.load();
    Pointer results = Memory.allocateDirect(Runtime.getSystemRuntime(), 16, true);
    List<String> arguments = new ArrayList<>(List.of("remapfs", "-f", mountPoint.path()));
    arguments.addAll(mountArguments(options));
    // Of the results, the mount point's copy lives on: one short string a process.
    long fuse =
        libfuse.fuse_setup(
            arguments.size(),
            arguments.toArray(new String[0]),
            fs.operations(),
            Struct.size(fs.operations()),
            results.address(),
            results.address() + 8,
            0);
    if (fuse == 0) {
      throw new MountException(
          "libfuse could not mount at " + mountPoint.path() + "; its own message says why");
    }
    long session = libfuse.fuse_get_session(fuse);
    // The JVM has its handlers for SIGHUP, SIGINT and SIGTERM installed already, and libfuse leaves
    // what is not the default alone; with -Xrs it has not, and libfuse's would end its own loop,
    // which does not run.
    libfuse.fuse_remove_signal_handlers(session);
    int fd = libfuse.fuse_chan_fd(libfuse.fuse_session_next_chan(session, 0));
    return new LibfuseMount(libfuse, fuse, session, fd);
  }

  /** {@code -o} and its list, for either session. */
  static List<String> mountArguments(SessionOptions options) {
    StringBuilder list = new StringBuilder("subtype=remapfs,fsname=");
    list.append(escaped(options.fsName()));
    // The modes of the files count, also for others; sizes of virtual files are never stale.
    list.append(",default_permissions,attr_timeout=0,hard_remove");
    if (options.allowOther()) {
      list.append(",allow_other");
    }
    if (options.readOnly()) {
      list.append(",ro");
    }
    return List.of("-o", list.toString());
  }

  /** Commas separate libfuse's options, and backslashes quote. */
  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace(",", "\\,");
  }

  /**
   * A new descriptor for the same mount. Replies must go to the descriptor that the request came
   * from.
   *
   * @param flags for {@code open(2)}, beside those that it needs: 0 or O_NONBLOCK
   * @throws SessionUnavailableException if the kernel cannot (before Linux 4.2)
   */
  int cloneDescriptor(int flags) {
    int clone = Posix.open("/dev/fuse", Posix.O_RDWR | Posix.O_CLOEXEC | flags);
    if (clone < 0) {
      throw new SessionUnavailableException(
          "/dev/fuse cannot be opened again: " + Errno.describe(Posix.errno()));
    }
    Pointer argument = Memory.allocateDirect(Runtime.getSystemRuntime(), Integer.BYTES, true);
    argument.putInt(0, fd);
    if (LibC.INSTANCE.ioctl(clone, FuseProtocol.DEV_IOC_CLONE, argument.address()) != 0) {
      int errno = Errno.last();
      Posix.close(clone);
      throw new SessionUnavailableException(
          "the kernel cannot clone /dev/fuse: " + Errno.describe(errno));
    }
    return clone;
  }

  /** Says what INIT is to be answered with; before anybody serves. */
  void wish(InitWishes newWishes) {
    wishes = newWishes;
  }

  InitWishes wishes() {
    return wishes;
  }

  /** Notes what INIT agreed on: flags of the upper half. */
  void noteAgreed(int flags2) {
    agreedFlags2 = flags2;
  }

  /** The flags of the upper half that INIT agreed on; 0 before. */
  int agreedFlags2() {
    return agreedFlags2;
  }

  LibFuse2 libfuse() {
    return libfuse;
  }

  /** Hands one request to libfuse, and so to the file system's callback, on this thread. */
  void process(long requestAddress, long lengthBytes, long channel) {
    libfuse.fuse_session_process(session, requestAddress, lengthBytes, channel);
  }

  /** Frees libfuse's objects and closes its descriptor. */
  void destroy() {
    libfuse.fuse_destroy(fuse);
  }
}
