package io.remapfs.mount.session;

import com.kenai.jffi.MemoryIO;
import io.remapfs.engine.device.IoBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Pointer;

/**
 * One worker's memory, in which a request is read, served and answered.
 *
 * <pre>
 *           4016                 4080     4096 = page boundary, {@link #DATA}
 *  | unused | request's 80 bytes .......... | payload of a WRITE, data of a READ ... 1 MiB |
 *                                | reply's 16 |
 * </pre>
 *
 * A request is read at 80 bytes before the page boundary, so that a WRITE's payload begins at the
 * boundary and goes to an O_DIRECT backing as it is. A READ's data is put at the same place, and
 * its reply's header right before it, over the request's tail, which has been decoded by then: the
 * whole reply is one piece. A WRITE's reply can be put aside, at the very beginning, where the
 * payload is still needed.
 *
 * <p>Memory is locked, so all of it is resident, and most requests are short. So a buffer is only
 * room, of which a part is there from the start ({@link #prepare}) and the rest at the first longer
 * request. Of a session's buffers for long requests {@value #WHOLE_BUFFERS} are whole, of each
 * queue's entries one, so that the longest writes of a machine that has no memory left are served.
 *
 * <p>Not thread-safe.
 */
final class RequestBuffer {
  /** Index of a payload, a page boundary. */
  static final int DATA = IoBuffer.ALIGNMENT_BYTES;

  /** Index of a request. */
  static final int REQUEST = DATA - FuseProtocol.IO_HEADER_BYTES;

  /** Index of a reply. */
  static final int REPLY = DATA - FuseProtocol.OUT_HEADER_BYTES;

  /** The longest request; the kernel refuses to give any to a reader with less room. */
  static final int REQUEST_BYTES =
      FuseProtocol.IO_HEADER_BYTES + InitNegotiation.MAX_TRANSFER_BYTES;

  /** How many of a session's buffers, or a loop's, are whole from the start. */
  static final int WHOLE_BUFFERS = 2;

  private final IoBuffer memory;
  private final ByteBuffer bytes;
  private final int dataBytes;

  /** What is there from the start, and stays. */
  private int presentBytes;

  private boolean hasGrown;

  /** The length of the reply that stands here to be fetched; 0 without one. */
  private int keptReplyBytes;

  /** For requests of any size. */
  RequestBuffer() {
    this(InitNegotiation.MAX_TRANSFER_BYTES);
  }

  /** For payloads and data of up to {@code dataBytes}. */
  RequestBuffer(int dataBytes) {
    this.memory = IoBuffer.reserve(DATA + dataBytes);
    this.bytes = memory.bytes().duplicate().order(ByteOrder.nativeOrder());
    this.dataBytes = dataBytes;
  }

  /** Has memory for so much payload or data from now on, and for more once there is more. */
  void prepare(int newPresentBytes) {
    presentBytes = Math.min(newPresentBytes, dataBytes);
    memory.touch(0, DATA + presentBytes);
  }

  /** Told of a payload or data to come; whether that takes more memory than is always there. */
  boolean grows(int bytesToCome) {
    if (bytesToCome <= presentBytes) {
      return false;
    }
    hasGrown = true;
    return true;
  }

  /** Gives back what longer payloads and data took; none may stand here. */
  void shrink() {
    if (hasGrown) {
      hasGrown = false;
      memory.release(DATA + presentBytes, memory.capacityBytes());
    }
  }

  /** The most bytes of payload or data. */
  int dataBytes() {
    return dataBytes;
  }

  /** The whole as the engine takes it; payloads are at {@link #DATA}. */
  IoBuffer memory() {
    return memory;
  }

  long requestAddress() {
    return memory.address() + REQUEST;
  }

  long replyAddress() {
    return memory.address() + REPLY;
  }

  long dataAddress() {
    return memory.address() + DATA;
  }

  /** Where {@link #putAsideWritten} puts a reply. */
  long asideAddress() {
    return memory.address();
  }

  /** An int of the request, at an offset of {@link FuseProtocol}. */
  int requestInt(int offset) {
    return bytes.getInt(REQUEST + offset);
  }

  /** A long of the request, at an offset of {@link FuseProtocol}. */
  long requestLong(int offset) {
    return bytes.getLong(REQUEST + offset);
  }

  /**
   * Puts a piece of a reply in place.
   *
   * @param at from the reply's first byte
   * @return whether there is room for it
   */
  boolean putReplyPiece(int at, Pointer piece) {
    if (REPLY + at + piece.size() > memory.capacityBytes()) {
      return false;
    }
    ByteBuffer to = bytes.duplicate().position(REPLY + at);
    to.put(MemoryIO.getInstance().newDirectByteBuffer(piece.address(), (int) piece.size()));
    return true;
  }

  /** Says that a reply stands here whole. */
  void keepReply(int lengthBytes) {
    keptReplyBytes = lengthBytes;
  }

  /** The length of the reply that was kept, in bytes; 0 if none was, and from now on. */
  int takeKeptReply() {
    int length = keptReplyBytes;
    keptReplyBytes = 0;
    return length;
  }

  /** Takes over the request that stands in another buffer, of {@code lengthBytes}. */
  void copyRequest(RequestBuffer from, int lengthBytes) {
    bytes.put(REQUEST, from.bytes, REQUEST, lengthBytes);
  }

  /** Puts a reply's header in place: {@code lengthBytes} counts from the header's first byte. */
  void putReplyHeader(int lengthBytes, int error, long unique) {
    bytes.putInt(REPLY + FuseProtocol.OUT_LENGTH, lengthBytes);
    bytes.putInt(REPLY + FuseProtocol.OUT_ERROR, error);
    bytes.putLong(REPLY + FuseProtocol.OUT_UNIQUE, unique);
  }

  /** Puts a WRITE's reply where it leaves the payload whole: before the request. */
  void putAsideWritten(int writtenBytes, long unique) {
    bytes.putInt(FuseProtocol.OUT_LENGTH, FuseProtocol.WRITE_REPLY_BYTES);
    bytes.putInt(FuseProtocol.OUT_ERROR, 0);
    bytes.putLong(FuseProtocol.OUT_UNIQUE, unique);
    bytes.putInt(FuseProtocol.WRITE_OUT_SIZE, writtenBytes);
    bytes.putInt(FuseProtocol.WRITE_OUT_PADDING, 0);
  }

  /** Puts what follows the header of a WRITE's reply in place. */
  void putWritten(int writtenBytes) {
    bytes.putInt(REPLY + FuseProtocol.WRITE_OUT_SIZE, writtenBytes);
    bytes.putInt(REPLY + FuseProtocol.WRITE_OUT_PADDING, 0);
  }
}
