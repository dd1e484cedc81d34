package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.fs.ImageFile;

/**
 * A worker that reads one request at a time from its own clone of {@code /dev/fuse} and sleeps
 * while the engine serves it ({@link RequestServer}).
 *
 * <p>Invariants: a reply goes to the descriptor that its request came from; every request with a
 * reply gets exactly one; the fast path decodes what it needs before it overwrites the request.
 *
 * <p>Used by one thread, except {@link #close()}, which comes after that thread has left.
 */
final class BlockingWorker implements SessionWorker {
  /** What most have memory for from the start, in bytes; few random requests are longer. */
  private static final int PRESENT_BYTES = 64 << 10;

  private final int fd;
  private final RequestBuffer buffer = new RequestBuffer();
  private final RequestServer server;

  BlockingWorker(LibfuseMount mount, ImageRequests images, int fd, Runnable onInitialised) {
    this.fd = fd;
    this.server = new RequestServer(mount, images, fd, buffer, onInitialised);
  }

  /** Makes workers that serve the given image. */
  static Factory serving(ImageFile image) {
    ImageRequests images = new ImageRequests(image);
    return (mount, count, onInitialised, made) -> {
      for (int i = 0; i < count; i++) {
        BlockingWorker worker =
            new BlockingWorker(mount, images, mount.cloneDescriptor(0), onInitialised);
        made.accept(worker);
        boolean isWhole = i < RequestBuffer.WHOLE_BUFFERS;
        worker.buffer.prepare(isWhole ? InitNegotiation.MAX_TRANSFER_BYTES : PRESENT_BYTES);
      }
    };
  }

  @Override
  public void serve() {
    while (true) {
      long lengthBytes =
          LibC.INSTANCE.read(fd, buffer.requestAddress(), RequestBuffer.REQUEST_BYTES);
      if (lengthBytes >= FuseProtocol.IN_HEADER_BYTES) {
        server.serve(fd, buffer, lengthBytes);
      } else if (!RequestServer.mayReadOn(lengthBytes < 0 ? Errno.last() : Errno.EIO)) {
        return;
      }
    }
  }

  @Override
  public void close() {
    server.close();
    Posix.close(fd);
  }
}
