package io.remapfs.mount.session;

import io.remapfs.engine.posix.Errno;
import io.remapfs.mount.fs.ImageFile;

/**
 * The fast path: READ and WRITE of the image, decoded, served and answered in a worker's buffer,
 * with nothing allocated and nobody asked. It does not touch the descriptor.
 *
 * <p>A request is believed no more than need be, because native memory and the disk are at stake:
 * its size may not exceed what was agreed on, nor a WRITE's what came with it.
 *
 * <p>Thread-safe; a buffer is its worker's.
 */
final class ImageRequests {
  /** Instead of a length: the request is somebody else's to answer, and was left as it is. */
  static final int NOT_OURS = 0;

  private static final int REFUSED = -1;

  private final ImageFile image;

  ImageRequests(ImageFile image) {
    this.image = image;
  }

  /**
   * Serves the request that stands in {@code buffer}.
   *
   * @param lengthBytes of the request as it came, at least {@value FuseProtocol#IN_HEADER_BYTES}
   * @return the length in bytes of the reply that now stands in {@code buffer}, or {@link
   *     #NOT_OURS}
   */
  int serve(RequestBuffer buffer, long lengthBytes) {
    int opcode = buffer.requestInt(FuseProtocol.IN_OPCODE);
    boolean reads = opcode == FuseProtocol.OPCODE_READ;
    if (!reads && opcode != FuseProtocol.OPCODE_WRITE) {
      return NOT_OURS;
    }
    // The reply overwrites the request's end, so all that is needed of it is taken first.
    long unique = buffer.requestLong(FuseProtocol.IN_UNIQUE);
    if (lengthBytes < FuseProtocol.IO_HEADER_BYTES) {
      return error(buffer, unique, -Errno.EINVAL); // Behind it stands what a former one left.
    }
    if (!ImageFile.isHandle(buffer.requestLong(FuseProtocol.IO_HANDLE))) {
      return NOT_OURS;
    }
    long byteOffset = buffer.requestLong(FuseProtocol.IO_OFFSET);
    int sizeBytes = buffer.requestInt(FuseProtocol.IO_SIZE);
    if (reads) {
      return read(buffer, unique, byteOffset, sizeBytes);
    }
    if (sizeBytes > lengthBytes - FuseProtocol.IO_HEADER_BYTES) {
      return error(buffer, unique, -Errno.EINVAL);
    }
    return write(buffer, unique, byteOffset, sizeBytes);
  }

  private int read(RequestBuffer buffer, long unique, long byteOffset, int sizeBytes) {
    int count =
        image.read(
            byteOffset, buffer.memory(), RequestBuffer.DATA, transferBytes(buffer, sizeBytes));
    return readReply(buffer, unique, count);
  }

  /** Puts the header of a READ's reply before its data: {@code count} bytes, or -errno. */
  static int readReply(RequestBuffer buffer, long unique, int count) {
    if (count < 0) {
      return error(buffer, unique, count);
    }
    int length = FuseProtocol.OUT_HEADER_BYTES + count;
    buffer.putReplyHeader(length, 0, unique);
    return length;
  }

  private int write(RequestBuffer buffer, long unique, long byteOffset, int sizeBytes) {
    int count =
        image.write(
            byteOffset, buffer.memory(), RequestBuffer.DATA, transferBytes(buffer, sizeBytes));
    return writeReply(buffer, unique, count);
  }

  /** Puts a WRITE's reply in place: {@code count} bytes were taken, or -errno. */
  static int writeReply(RequestBuffer buffer, long unique, int count) {
    if (count < 0) {
      return error(buffer, unique, count);
    }
    buffer.putWritten(count);
    buffer.putReplyHeader(FuseProtocol.WRITE_REPLY_BYTES, 0, unique);
    return FuseProtocol.WRITE_REPLY_BYTES;
  }

  private static int error(RequestBuffer buffer, long unique, int negativeErrno) {
    buffer.putReplyHeader(FuseProtocol.OUT_HEADER_BYTES, negativeErrno, unique);
    return FuseProtocol.OUT_HEADER_BYTES;
  }

  /** Never above what we told the kernel; checked all the same. */
  private static int transferBytes(RequestBuffer buffer, int sizeBytes) {
    return sizeBytes <= buffer.dataBytes() ? sizeBytes : REFUSED;
  }
}
