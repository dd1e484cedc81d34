package io.remapfs.mount.session;

import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineOptions;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.fuzz.Expect;
import io.remapfs.fuzz.MemoryDevice;
import io.remapfs.mount.fs.ImageFile;
import io.remapfs.mount.fs.Images;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The input is a request as {@code /dev/fuse} would give it, of an image of 33 KiB: whatever its
 * header says, it reads and writes within the image and the request, and is answered for what it
 * did.
 */
public final class RequestTarget {
  private static final int IMAGE_BYTES = 33 << 10;

  /** The fast path allocates nothing; a log entry of a failure does. */
  private static final long REQUEST_HEAP_BYTES = 1 << 20;

  private static final MemoryDevice BACKING = new MemoryDevice(new byte[IMAGE_BYTES]);
  private static final ImageRequests REQUESTS = new ImageRequests(image());
  private static final RequestBuffer BUFFER = new RequestBuffer();
  private static final ByteBuffer BYTES =
      BUFFER.memory().bytes().duplicate().order(ByteOrder.nativeOrder());

  private RequestTarget() {}

  private static ImageFile image() {
    try {
      MemoryDevice spare = new MemoryDevice(new byte[2 << 20]);
      MetadataStore.format(spare, 4096, new BackingIdentity(IMAGE_BYTES, ""));
      MetadataStore metadata = MetadataStore.open(spare, null, Access.READ_WRITE);
      return Images.of(
          RemapEngine.open(
              BACKING, metadata, EngineOptions.defaults(), EngineListener.NONE, Access.READ_WRITE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < FuseProtocol.IN_HEADER_BYTES || input.length > RequestBuffer.REQUEST_BYTES) {
      return; // The worker's read gives no such one.
    }
    byte[] before = BACKING.image().clone();
    BYTES.put(RequestBuffer.REQUEST, input);
    int[] reply = new int[1];
    Expect.allocatingAtMost(
        REQUEST_HEAP_BYTES, () -> reply[0] = REQUESTS.serve(BUFFER, input.length));
    if (reply[0] == ImageRequests.NOT_OURS) {
      requireUnchanged(before, 0, 0);
      return;
    }
    requireAnswered(ByteBuffer.wrap(input).order(ByteOrder.nativeOrder()), reply[0], before);
  }

  private static void requireAnswered(ByteBuffer request, int replyBytes, byte[] before) {
    int at = RequestBuffer.REPLY;
    Expect.that(BYTES.getInt(at) == replyBytes, "the reply's length is not that of its header");
    Expect.that(
        BYTES.getLong(at + FuseProtocol.OUT_UNIQUE) == request.getLong(FuseProtocol.IN_UNIQUE),
        "the answer to another request");
    int error = BYTES.getInt(at + FuseProtocol.OUT_ERROR);
    if (error != 0) {
      Expect.that(error < 0 && error > -512, "errno %d", error);
      Expect.that(replyBytes == FuseProtocol.OUT_HEADER_BYTES, "an error with data");
      requireUnchanged(before, 0, 0);
      return;
    }
    long offset = request.getLong(FuseProtocol.IO_OFFSET);
    long size = request.getInt(FuseProtocol.IO_SIZE) & 0xffffffffL;
    if (request.getInt(FuseProtocol.IN_OPCODE) == FuseProtocol.OPCODE_READ) {
      int count = replyBytes - FuseProtocol.OUT_HEADER_BYTES;
      Expect.that(count >= 0 && count <= size, "%d bytes of %d", count, size);
      for (int i = 0; i < count; i++) {
        Expect.that(
            BYTES.get(RequestBuffer.DATA + i) == before[(int) offset + i], "byte %d differs", i);
      }
      requireUnchanged(before, 0, 0);
    } else {
      Expect.that(replyBytes == FuseProtocol.WRITE_REPLY_BYTES, "%d bytes", replyBytes);
      int count = BYTES.getInt(at + FuseProtocol.WRITE_OUT_SIZE);
      Expect.that(count >= 0 && count <= size, "%d bytes of %d", count, size);
      Expect.that(
          count <= request.capacity() - FuseProtocol.IO_HEADER_BYTES,
          "%d bytes were written that the request did not bring",
          count);
      requireUnchanged(before, offset, count);
      for (int i = 0; i < count; i++) {
        Expect.that(
            BACKING.image()[(int) offset + i] == request.get(FuseProtocol.IO_HEADER_BYTES + i),
            "byte %d was not written",
            i);
      }
    }
  }

  private static void requireUnchanged(byte[] before, long exceptFrom, int exceptBytes) {
    byte[] now = BACKING.image();
    for (int i = 0; i < now.length; i++) {
      boolean excepted = i >= exceptFrom && i < exceptFrom + exceptBytes;
      Expect.that(excepted || now[i] == before[i], "byte %d of the image changed", i);
    }
  }
}
