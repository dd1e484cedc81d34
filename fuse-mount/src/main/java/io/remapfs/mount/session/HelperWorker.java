package io.remapfs.mount.session;

import io.remapfs.mount.fs.ImageFile;
import org.jspecify.annotations.Nullable;

/**
 * Serves what a {@link RingWorker} must not wait for: several runs, unaligned ranges, whatever has
 * failed, barriers, and all that is not the image's. It sleeps as it likes.
 *
 * <p>Used by one thread, except {@link #close()}, which comes after that thread has left.
 */
final class HelperWorker implements SessionWorker {
  private final SlowRequests requests;
  private final ImageFile image;
  private final RequestServer server;

  HelperWorker(
      LibfuseMount mount,
      ImageFile image,
      ImageRequests images,
      SlowRequests requests,
      Runnable onInitialised) {
    this.requests = requests;
    this.image = image;
    // Each request brings its own descriptor and buffer.
    this.server =
        new RequestServer(
            mount, images, RequestServer.IN_BUFFER, new RequestBuffer(0), onInitialised);
  }

  @Override
  public void serve() {
    for (@Nullable RingSlot slot = requests.take(); slot != null; slot = requests.take()) {
      try {
        serve(slot);
      } finally {
        requests.served();
        slot.giveBack();
      }
    }
  }

  private void serve(RingSlot slot) {
    RequestBuffer buffer = slot.buffer;
    switch (slot.task) {
      case SERVE -> server.serve(slot.fd(), buffer, slot.lengthBytes);
      case READ_AGAIN -> {
        int count =
            image.readAfterFailure(
                slot.byteOffset, buffer.memory(), RequestBuffer.DATA, slot.sizeBytes);
        RequestServer.reply(slot.fd(), buffer, ImageRequests.readReply(buffer, slot.unique, count));
      }
      case WRITE_AGAIN -> {
        int count =
            image.writeAfterFailure(
                slot.byteOffset, buffer.memory(), RequestBuffer.DATA, slot.sizeBytes);
        RequestServer.reply(
            slot.fd(), buffer, ImageRequests.writeReply(buffer, slot.unique, count));
      }
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
