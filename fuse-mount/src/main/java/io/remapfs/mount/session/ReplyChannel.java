package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.mount.fs.ErrnoEdge;
import io.remapfs.mount.fs.ImageFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The channel through which libfuse answers the requests of one worker.
 *
 * <p>Replies go to the descriptor that the request came from, and two of them are improved on their
 * way: INIT's ({@link InitNegotiation}) and that of an OPEN of the image, which libfuse 2.9 cannot
 * tell to allow parallel direct writes.
 *
 * <p>libfuse calls {@code send} within {@code fuse_session_process}, so on the worker's thread and
 * while the request still stands in the worker's buffer. Not thread-safe.
 */
final class ReplyChannel implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(ReplyChannel.class);
  private static final Runtime RUNTIME = Runtime.getSystemRuntime();

  // struct iovec
  private static final int IOVEC_BYTES = 16;
  private static final int IOVEC_LENGTH = 8;

  /** The place of {@code send} in {@code struct fuse_chan_ops}. */
  private static final int SEND = 8;

  private static final int CHAN_OPS_BYTES = 24;

  private final LibfuseMount mount;
  private int fd;
  private RequestBuffer request;
  private final Runnable onInitialised;
  private final long channel;

  /** Native code holds only an address of it; this keeps the closure from being collected. */
  private final LibFuse2.Send send = this::sendReply;

  /**
   * Makes the channel.
   *
   * @param fd where replies go; not owned
   * @param request the buffer in which the request being answered stands
   * @param onInitialised called when the answer to INIT has been sent
   */
  ReplyChannel(LibfuseMount mount, int fd, RequestBuffer request, Runnable onInitialised) {
    this.mount = mount;
    this.fd = fd;
    this.request = request;
    this.onInitialised = onInitialised;
    Pointer operations = Memory.allocateDirect(RUNTIME, CHAN_OPS_BYTES, true);
    operations.putPointer(
        SEND, RUNTIME.getClosureManager().getClosurePointer(LibFuse2.Send.class, send));
    // libfuse takes its max_write from the buffer's size less 4096.
    this.channel =
        mount
            .libfuse()
            .fuse_chan_new(operations.address(), fd, InitNegotiation.MAX_TRANSFER_BYTES + 4096L, 0);
    if (channel == 0) {
      throw new SessionUnavailableException("libfuse has no memory for a channel");
    }
  }

  /**
   * Answers another request next: one that stands in {@code newRequest} and came by {@code newFd}.
   */
  void turnTo(int newFd, RequestBuffer newRequest) {
    fd = newFd;
    request = newRequest;
  }

  /** The address of the {@code struct fuse_chan}. */
  long address() {
    return channel;
  }

  private int sendReply(long ignoredChannel, long vector, long count) {
    if (vector == 0 || count == 0) {
      return 0; // FORGET and its like have no reply.
    }
    try {
      Pointer pieces = Pointer.wrap(RUNTIME, vector, count * IOVEC_BYTES);
      int opcode = request.requestInt(FuseProtocol.IN_OPCODE);
      if (count == 2 && error(pieces) == 0) {
        if (opcode == FuseProtocol.OPCODE_OPEN) {
          allowParallelWrites(piece(pieces, 1));
        } else if (opcode == FuseProtocol.OPCODE_INIT) {
          return sendInit(pieces);
        }
      }
      return fd == RequestServer.IN_BUFFER
          ? gather(pieces, (int) count)
          : result(LibC.INSTANCE.writev(fd, vector, (int) count));
    } catch (Throwable failure) {
      return ErrnoEdge.negativeErrno("reply", failure);
    }
  }

  /** Leaves the reply in the buffer, over the request, which libfuse needs no more. */
  private int gather(Pointer pieces, int count) {
    int length = 0;
    for (int i = 0; i < count; i++) {
      Pointer piece = piece(pieces, i);
      if (!request.putReplyPiece(length, piece)) {
        LOG.error("a reply is longer than its buffer");
        return -Errno.EIO;
      }
      length += (int) piece.size();
    }
    request.keepReply(length);
    return 0;
  }

  private static int error(Pointer pieces) {
    return piece(pieces, 0).getInt(FuseProtocol.OUT_ERROR);
  }

  private static Pointer piece(Pointer pieces, int index) {
    int at = index * IOVEC_BYTES;
    return Pointer.wrap(RUNTIME, pieces.getAddress(at), pieces.getLong(at + IOVEC_LENGTH));
  }

  private static void allowParallelWrites(Pointer openOut) {
    int flags = openOut.getInt(FuseProtocol.OPEN_OUT_FLAGS);
    if (ImageFile.isHandle(openOut.getLong(FuseProtocol.OPEN_OUT_HANDLE))
        && (flags & FuseProtocol.FOPEN_DIRECT_IO) != 0) {
      openOut.putInt(
          FuseProtocol.OPEN_OUT_FLAGS, flags | FuseProtocol.FOPEN_PARALLEL_DIRECT_WRITES);
    }
  }

  private int sendInit(Pointer pieces) {
    int kernelMajor = request.requestInt(FuseProtocol.INIT_IN_MAJOR);
    int kernelMinor = request.requestInt(FuseProtocol.INIT_IN_MINOR);
    Pointer answer = piece(pieces, 1);
    int length = FuseProtocol.OUT_HEADER_BYTES + FuseProtocol.INIT_OUT_BYTES;
    ByteBuffer reply = ByteBuffer.allocateDirect(length).order(ByteOrder.nativeOrder());
    byte[] copy = new byte[FuseProtocol.OUT_HEADER_BYTES + FuseProtocol.INIT_OUT_OLD_BYTES];
    piece(pieces, 0).get(0, copy, 0, FuseProtocol.OUT_HEADER_BYTES);
    answer.get(
        0,
        copy,
        FuseProtocol.OUT_HEADER_BYTES,
        (int) Math.min(FuseProtocol.INIT_OUT_OLD_BYTES, answer.size()));
    reply.put(0, copy);
    if (InitNegotiation.isFor(kernelMajor, kernelMinor)) {
      int agreed =
          InitNegotiation.improve(
              reply
                  .slice(FuseProtocol.OUT_HEADER_BYTES, FuseProtocol.INIT_OUT_BYTES)
                  .order(ByteOrder.nativeOrder()),
              kernelMinor,
              request.requestInt(FuseProtocol.INIT_IN_FLAGS),
              request.requestInt(FuseProtocol.INIT_IN_FLAGS2),
              mount.wishes());
      mount.noteAgreed(agreed);
    } else {
      LOG.warn("the kernel's FUSE is 7.{}: no asynchronous direct I/O", kernelMinor);
      length = FuseProtocol.OUT_HEADER_BYTES + (int) answer.size();
    }
    reply.putInt(FuseProtocol.OUT_LENGTH, length);
    int result = result(LibC.INSTANCE.write(fd, Pointer.wrap(RUNTIME, reply).address(), length));
    if (result == 0) {
      onInitialised.run();
    }
    return result;
  }

  private static int result(long written) {
    if (written >= 0) {
      return 0;
    }
    int errno = Errno.last();
    // ENOENT: the caller was interrupted and gone. ENODEV: unmounted meanwhile.
    if (errno != Errno.ENOENT && errno != Errno.ENODEV) {
      LOG.error("the kernel refused a reply: {}", Errno.describe(errno));
    }
    return -errno;
  }

  @Override
  public void close() {
    mount.libfuse().fuse_chan_destroy(channel);
  }
}
