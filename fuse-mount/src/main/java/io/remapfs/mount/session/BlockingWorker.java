package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.fs.ErrnoEdge;
import io.remapfs.mount.fs.ImageFile;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * A worker that reads one request at a time from its own clone of {@code /dev/fuse} and sleeps
 * while the engine serves it.
 *
 * <p>READ and WRITE of the image take the fast path ({@link ImageRequests}) and are answered with
 * one {@code write(2)}. Everything else goes through libfuse to the callbacks of the file system.
 *
 * <p>Invariants: a reply goes to the descriptor that its request came from; every request with a
 * reply gets exactly one; the fast path decodes what it needs before it overwrites the request.
 *
 * <p>Used by one thread, except {@link #close()}, which comes after that thread has left.
 */
final class BlockingWorker implements SessionWorker {
  private static final Logger LOG = LogManager.getLogger(BlockingWorker.class);

  /** "Software caused connection abort": the connection was aborted through sysfs. */
  private static final int ECONNABORTED = 103;

  private final LibfuseMount mount;
  private final ImageRequests images;
  private final int fd;
  private final RequestBuffer buffer = new RequestBuffer();
  private final ReplyChannel channel;

  private BlockingWorker(LibfuseMount mount, ImageRequests images, int fd, Runnable onInitialised) {
    this.mount = mount;
    this.images = images;
    this.fd = fd;
    this.channel = new ReplyChannel(mount.libfuse(), fd, buffer, onInitialised);
  }

  /** Makes workers that serve the given image. */
  static Factory serving(ImageFile image) {
    ImageRequests images = new ImageRequests(image);
    return (mount, onInitialised) ->
        new BlockingWorker(mount, images, mount.cloneDescriptor(), onInitialised);
  }

  @Override
  public void serve() {
    while (true) {
      long lengthBytes =
          LibC.INSTANCE.read(fd, buffer.requestAddress(), RequestBuffer.REQUEST_BYTES);
      if (lengthBytes >= FuseProtocol.IN_HEADER_BYTES) {
        serveRequest(lengthBytes);
      } else if (!mayReadOn(lengthBytes)) {
        return;
      }
    }
  }

  private boolean mayReadOn(long result) {
    int errno = result < 0 ? Errno.last() : Errno.EIO;
    return switch (errno) {
      // ENOENT: the request was interrupted before we had it.
      case Errno.ENOENT, Errno.EINTR, Errno.EAGAIN -> true;
      // ENODEV: unmounted.
      case Errno.ENODEV, ECONNABORTED -> false;
      default -> {
        LOG.error("a worker leaves: reading /dev/fuse failed: {}", Errno.describe(errno));
        yield false;
      }
    };
  }

  private void serveRequest(long lengthBytes) {
    int replyBytes = images.serve(buffer, lengthBytes);
    if (replyBytes != ImageRequests.NOT_OURS) {
      reply(replyBytes);
      return;
    }
    if (buffer.requestInt(FuseProtocol.IN_OPCODE) == FuseProtocol.OPCODE_INTERRUPT) {
      // No request can be called back from a disk, so there is nothing to interrupt. It has no
      // reply, and libfuse would keep a list of what it cannot match.
      return;
    }
    try {
      mount.process(buffer.requestAddress(), lengthBytes, channel.address());
    } catch (Throwable failure) {
      // Whether libfuse answered is unknown, and a second answer would be refused by the kernel.
      int unused = ErrnoEdge.negativeErrno("request", failure);
    }
  }

  private void reply(int lengthBytes) {
    if (LibC.INSTANCE.write(fd, buffer.replyAddress(), lengthBytes) < 0) {
      int errno = Errno.last();
      // ENOENT: the caller was killed meanwhile. ENODEV: unmounted.
      if (errno != Errno.ENOENT && errno != Errno.ENODEV) {
        LOG.error("the kernel refused a reply: {}", Errno.describe(errno));
      }
    }
  }

  @Override
  public void close() {
    channel.close();
    Posix.close(fd);
  }
}
