package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.mount.fs.ErrnoEdge;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Serves a request from its first byte to its reply, on a thread that may sleep meanwhile.
 *
 * <p>READ and WRITE of the image take the fast path ({@link ImageRequests}) and are answered with
 * one {@code write(2)}. Everything else goes through libfuse to the callbacks of the file system.
 *
 * <p>Used by one thread, except {@link #close()}, which comes after that thread has left.
 */
final class RequestServer implements AutoCloseable {
  private static final Logger LOG = LogManager.getLogger(RequestServer.class);

  /** Instead of a descriptor: the reply stays in the request's buffer. */
  static final int IN_BUFFER = -1;

  private final LibfuseMount mount;
  private final ImageRequests images;
  private final ReplyChannel channel;

  /**
   * Makes the server of one thread.
   *
   * @param fd where most of its requests come from
   * @param buffer where most of them stand
   * @param onInitialised called when the answer to INIT has been sent
   */
  RequestServer(
      LibfuseMount mount,
      ImageRequests images,
      int fd,
      RequestBuffer buffer,
      Runnable onInitialised) {
    this.mount = mount;
    this.images = images;
    this.channel = new ReplyChannel(mount, fd, buffer, onInitialised);
  }

  /**
   * Serves the request that stands in {@code buffer}, and answers it. Never throws for one that
   * fails.
   *
   * @param fd where it came from, so where its reply goes; or {@link #IN_BUFFER}
   * @param lengthBytes of the request, at least {@value FuseProtocol#IN_HEADER_BYTES}
   */
  void serve(int fd, RequestBuffer buffer, long lengthBytes) {
    int replyBytes = images.serve(buffer, lengthBytes);
    if (replyBytes != ImageRequests.NOT_OURS) {
      reply(fd, buffer, replyBytes);
      return;
    }
    if (buffer.requestInt(FuseProtocol.IN_OPCODE) == FuseProtocol.OPCODE_INTERRUPT) {
      // No request can be called back from a disk, so there is nothing to interrupt. It has no
      // reply, and libfuse would keep a list of what it cannot match.
      return;
    }
    try {
      channel.turnTo(fd, buffer);
      mount.process(buffer.requestAddress(), lengthBytes, channel.address());
    } catch (Throwable failure) {
      // Whether libfuse answered is unknown, and a second answer would be refused by the kernel.
      int unused = ErrnoEdge.negativeErrno("request", failure);
    }
  }

  /** Sends the reply that stands in {@code buffer}. */
  static void reply(int fd, RequestBuffer buffer, int lengthBytes) {
    if (fd == IN_BUFFER) {
      buffer.keepReply(lengthBytes);
    } else if (LibC.INSTANCE.write(fd, buffer.replyAddress(), lengthBytes) < 0) {
      noteRefusedReply(Errno.last());
    }
  }

  /** The kernel did not take a reply. */
  static void noteRefusedReply(int errno) {
    // ENOENT: the caller was killed meanwhile. ENODEV: unmounted.
    if (errno != Errno.ENOENT && errno != Errno.ENODEV) {
      LOG.error("the kernel refused a reply: {}", Errno.describe(errno));
    }
  }

  /**
   * Whether a worker whose read of {@code /dev/fuse} gave no request is to read on.
   *
   * @param errno of the failed read
   */
  static boolean mayReadOn(int errno) {
    return switch (errno) {
      // ENOENT: the request was interrupted before we had it.
      case Errno.ENOENT, Errno.EINTR, Errno.EAGAIN -> true;
      // ENODEV: unmounted. ECONNABORTED: the connection was aborted through sysfs.
      case Errno.ENODEV, Errno.ECONNABORTED -> false;
      default -> {
        LOG.error("a worker leaves: reading /dev/fuse failed: {}", Errno.describe(errno));
        yield false;
      }
    };
  }

  @Override
  public void close() {
    channel.close();
  }
}
