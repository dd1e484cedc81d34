package io.remapfs.mount.session;

import io.remapfs.engine.device.IoBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One place of a queue of FUSE over io_uring, in which the kernel puts a request and finds the
 * reply: a {@link RingSlot} whose buffer has the kernel's header in its first page.
 *
 * <pre>
 * 0                 128               256                          288        512      544
 *  | request's or    | what follows in | flags | commit | payload | unused   | iovec[2] |
 *  | reply's header  | the request     |       | id     | bytes   |          |          |
 *
 *           4016        4056        4080    4096 = {@link RequestBuffer#DATA}
 *  | unused  | header    | READ's or | | payload: all else of a request or reply             |
 * </pre>
 *
 * The first line is {@code struct fuse_uring_req_header} of {@code linux/fuse.h}. A request that
 * others are to serve is put together right before the payload, where one that was read from {@code
 * /dev/fuse} would stand; a WRITE's payload need not move for it. The reply that they leave there
 * begins 16 bytes before the payload, so that its own payload need not move either.
 *
 * <p>Owned by one thread at a time, as its slot.
 */
final class UringEntry {
  private static final int OPERATION = 128;
  private static final int OPERATION_BYTES = 128;
  private static final int COMMIT_ID = 264;
  private static final int PAYLOAD_BYTES = 272;
  private static final int HEADER_BYTES = 288;

  private static final int VECTOR = 512;
  private static final int IOVEC_BYTES = 16;

  /** What the fields of {@link FuseProtocol} count from the request's first byte. */
  private static final int FROM_OPERATION = OPERATION - FuseProtocol.IN_HEADER_BYTES;

  final RingSlot slot;

  /** Whether its reply is in the ring behind its transfer, to be sent by the kernel. */
  boolean isChained;

  /** Whether that transfer failed, so that the reply will come back unsent. */
  boolean isCut;

  private final ByteBuffer bytes;

  /** The same, to copy from. */
  private final ByteBuffer header;

  /**
   * Makes an entry.
   *
   * @param owner the loop that it comes back to
   * @param index its number in the queue
   * @param payloadBytes room for what is behind the header, a multiple of 4096
   */
  UringEntry(RingSlot.Owner owner, int index, int payloadBytes) {
    this.slot = new RingSlot(owner, index, payloadBytes);
    IoBuffer memory = slot.buffer.memory();
    this.bytes = memory.bytes().duplicate().order(ByteOrder.nativeOrder());
    this.header = bytes.slice(0, HEADER_BYTES);
    bytes.putLong(VECTOR, memory.address());
    bytes.putLong(VECTOR + 8, HEADER_BYTES);
    bytes.putLong(VECTOR + IOVEC_BYTES, slot.buffer.dataAddress());
    bytes.putLong(VECTOR + IOVEC_BYTES + 8, payloadBytes);
  }

  /** Where the kernel finds the addresses of header and payload. */
  long vectorAddress() {
    return slot.buffer.memory().address() + VECTOR;
  }

  int opcode() {
    return bytes.getInt(FuseProtocol.IN_OPCODE);
  }

  long unique() {
    return bytes.getLong(FuseProtocol.IN_UNIQUE);
  }

  /** What the kernel knows the request by. */
  long commitId() {
    return bytes.getLong(COMMIT_ID);
  }

  /** An int of a READ or WRITE, at an offset of {@link FuseProtocol}. */
  int operationInt(int offset) {
    return bytes.getInt(FROM_OPERATION + offset);
  }

  /** A long of a READ or WRITE, at an offset of {@link FuseProtocol}. */
  long operationLong(int offset) {
    return bytes.getLong(FROM_OPERATION + offset);
  }

  /** What came behind the header and the operation, in bytes. */
  int payloadBytes() {
    return bytes.getInt(PAYLOAD_BYTES);
  }

  /**
   * Puts the request together in the buffer.
   *
   * @return its length in bytes; 0 if its parts do not make sense
   */
  int assemble() {
    int length = bytes.getInt(0);
    int payload = payloadBytes();
    int operation = length - FuseProtocol.IN_HEADER_BYTES - payload;
    if (payload < 0 || operation < 0 || operation > OPERATION_BYTES) {
      return 0;
    }
    int to = RequestBuffer.REQUEST + FuseProtocol.IN_HEADER_BYTES;
    if (to + operation + payload > bytes.capacity()) {
      return 0;
    }
    movePayload(to + operation, payload);
    bytes.put(RequestBuffer.REQUEST, header, 0, FuseProtocol.IN_HEADER_BYTES);
    bytes.put(to, header, OPERATION, operation);
    return length;
  }

  /** Names and the like, a few bytes; a WRITE's payload lies where it should. */
  private void movePayload(int to, int count) {
    int from = RequestBuffer.DATA;
    if (to < from) {
      for (int i = 0; i < count; i++) {
        bytes.put(to + i, bytes.get(from + i));
      }
    } else if (to > from) {
      for (int i = count - 1; i >= 0; i--) {
        bytes.put(to + i, bytes.get(from + i));
      }
    }
  }

  /** Answers a READ whose data is in place, or will be when the reply is sent. */
  void putRead(int count) {
    putReply(0, count);
  }

  /** Answers a WRITE. */
  void putWritten(int count) {
    bytes.putInt(RequestBuffer.DATA, count);
    bytes.putInt(RequestBuffer.DATA + Integer.BYTES, 0);
    putReply(0, FuseProtocol.WRITE_REPLY_BYTES - FuseProtocol.OUT_HEADER_BYTES);
  }

  /** Answers with an error. */
  void putError(int negativeErrno) {
    putReply(negativeErrno, 0);
  }

  /** The unique stands where it stood in the request. */
  private void putReply(int error, int payloadBytes) {
    bytes.putInt(FuseProtocol.OUT_LENGTH, FuseProtocol.OUT_HEADER_BYTES + payloadBytes);
    bytes.putInt(FuseProtocol.OUT_ERROR, error);
    bytes.putInt(PAYLOAD_BYTES, payloadBytes);
  }

  /**
   * Takes the reply that a helper left in the buffer.
   *
   * @return whether there was one
   */
  boolean takeReply() {
    int length = slot.buffer.takeKeptReply();
    if (length < FuseProtocol.OUT_HEADER_BYTES) {
      return false;
    }
    int payload = length - FuseProtocol.OUT_HEADER_BYTES;
    putReply(bytes.getInt(RequestBuffer.REPLY + FuseProtocol.OUT_ERROR), payload);
    return true;
  }
}
