package io.remapfs.mount.session;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.annotations.IgnoreError;
import ru.serce.jnrfuse.struct.FuseOperations;

/**
 * The calls of libfuse 2.9 that jnr-fuse does not bind. Pointers are plain {@code long} addresses.
 * Method names are the C names. Public only because jnr-ffi's generated code must see it.
 *
 * <p>{@code fuse_new} is not here on purpose: a symbol look-up without a version finds an ancient
 * ABI of it. {@code fuse_setup} and {@code fuse_chan_new} are the current ones.
 */
public interface LibFuse2 {
  /** Loads the library that jnr-fuse loads, which is libfuse.so.2. */
  static LibFuse2 load() {
    try {
      return LibraryLoader.create(LibFuse2.class).failImmediately().load("fuse");
    } catch (UnsatisfiedLinkError e) {
      return LibraryLoader.create(LibFuse2.class).failImmediately().load("libfuse.so.2");
    }
  }

  /** {@code send} of {@code struct fuse_chan_ops}: 0, or a negative errno. */
  interface Send {
    /**
     * Sends one reply.
     *
     * @param channel the channel, as {@code fuse_chan_new} returned it
     * @param vector an array of {@code struct iovec}; 0 if there is no reply
     * @param count its length
     */
    @Delegate
    int send(long channel, long vector, long count);
  }

  /**
   * Parses the arguments, mounts, and makes libfuse's objects: the address of a {@code struct
   * fuse}, or 0 with a message on standard error. The two results are written to the addresses.
   */
  long fuse_setup(
      int argc,
      String[] argv,
      FuseOperations operations,
      long operationsBytes,
      long mountPointResult,
      long multithreadedResult,
      long userData);

  long fuse_get_session(long fuse);

  long fuse_session_next_chan(long session, long channel);

  int fuse_chan_fd(long channel);

  @IgnoreError
  void fuse_remove_signal_handlers(long session);

  /** Runs the callback that a request asks for; the reply goes through {@code channel}. */
  @IgnoreError
  void fuse_session_process(long session, long request, long lengthBytes, long channel);

  /** Copies {@code operations}: {@code receive}, {@code send}, {@code destroy}; 0 on failure. */
  long fuse_chan_new(long operations, int fd, long bufferBytes, long data);

  @IgnoreError
  void fuse_chan_destroy(long channel);

  /** Frees everything and closes the mount's descriptor. Does not unmount. */
  @IgnoreError
  void fuse_destroy(long fuse);
}
