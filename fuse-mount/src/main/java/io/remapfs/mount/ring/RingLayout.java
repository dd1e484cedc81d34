package io.remapfs.mount.ring;

/**
 * The bytes of io_uring that we read and write; offsets and numbers only, from {@code
 * linux/io_uring.h}. All fields are in the machine's byte order.
 *
 * <p>{@code struct io_uring_params}, 120 bytes, of which the kernel fills in most; the offsets in
 * its two tables count from the beginning of the mapped rings:
 *
 * <pre>
 * 0            4            8       12           20         24      28..39
 * | sq_entries | cq_entries | flags | (SQPOLL)   | features | wq_fd | reserved |
 * 40        44        48           52          56         60       64      68..79
 * | sq.head | sq.tail | sq.mask    | entries   | sq.flags | dropped| array | reserved |
 * 80        84        88           92          96         100      104    108..119
 * | cq.head | cq.tail | cq.mask    | entries   | overflow | cqes   | flags | reserved |
 * </pre>
 *
 * A submission, {@code struct io_uring_sqe}, 64 bytes:
 *
 * <pre>
 * 0        1       2        4    8        16        24    28         32          40..63
 * | opcode | flags | ioprio | fd | offset | address | len | rw_flags | user_data | 0 ... |
 * </pre>
 *
 * POLL has the awaited events in place of {@code rw_flags}. TIMEOUT has the address of a time span,
 * 1 in place of {@code len}, and no offset.
 *
 * <p>A wide ring's submissions have 128 bytes. A URING_CMD has its number in place of the offset,
 * and from byte 48 on what is its own; that of FUSE ({@code struct fuse_uring_cmd_req}, {@code
 * linux/fuse.h}) is:
 *
 * <pre>
 * 48      56          64      66..71
 * | flags | commit_id | queue | 0   |
 * </pre>
 *
 * <p>A completion, {@code struct io_uring_cqe}, 16 bytes:
 *
 * <pre>
 * 0           8        12     16
 * | user_data | result | flags |
 * </pre>
 */
final class RingLayout {
  // asm-generic/unistd.h; the same on every architecture.
  static final long SYS_SETUP = 425;
  static final long SYS_ENTER = 426;
  static final long SYS_REGISTER = 427;

  // struct io_uring_params
  static final int PARAMS_BYTES = 120;
  static final int PARAMS_SQ_ENTRIES = 0;
  static final int PARAMS_CQ_ENTRIES = 4;
  static final int PARAMS_FLAGS = 8;
  static final int PARAMS_FEATURES = 20;
  static final int PARAMS_SQ_HEAD = 40;
  static final int PARAMS_SQ_TAIL = 44;
  static final int PARAMS_SQ_ARRAY = 64;
  static final int PARAMS_CQ_HEAD = 80;
  static final int PARAMS_CQ_TAIL = 84;
  static final int PARAMS_CQ_CQES = 100;

  // struct io_uring_sqe
  static final int SQE_BYTES = 64;
  static final int WIDE_SQE_BYTES = 128;
  static final int SQE_OPCODE = 0;
  static final int SQE_FLAGS = 1;
  static final int SQE_IOPRIO = 2;
  static final int SQE_FD = 4;
  static final int SQE_OFFSET = 8;
  static final int SQE_ADDRESS = 16;
  static final int SQE_LENGTH = 24;
  static final int SQE_RW_FLAGS = 28;
  static final int SQE_USER_DATA = 32;
  static final int SQE_REST = 40;

  // What is FUSE's in a URING_CMD
  static final int SQE_FUSE_COMMIT_ID = 56;
  static final int SQE_FUSE_QUEUE = 64;

  // struct io_uring_cqe
  static final int CQE_BYTES = 16;
  static final int CQE_USER_DATA = 0;
  static final int CQE_RESULT = 8;

  // io_uring_setup: flags, and the feature that one mapping holds both rings (Linux 5.4)
  static final int SETUP_R_DISABLED = 1 << 6;
  static final int SETUP_SUBMIT_ALL = 1 << 7;
  static final int SETUP_SQE128 = 1 << 10;
  static final int SETUP_SINGLE_ISSUER = 1 << 12;
  static final int SETUP_DEFER_TASKRUN = 1 << 13;
  static final int FEAT_SINGLE_MMAP = 1;

  // io_uring_enter and io_uring_register
  static final int ENTER_GETEVENTS = 1;
  static final int REGISTER_ENABLE_RINGS = 12;

  // Where mmap finds the parts
  static final long OFF_RINGS = 0;
  static final long OFF_SQES = 0x10000000L;

  // Opcodes and flags of a submission
  static final int OP_POLL = 6;
  static final int OP_TIMEOUT = 11;
  static final int OP_READ = 22;
  static final int OP_WRITE = 23;
  static final int OP_URING_CMD = 46;
  static final int SQE_IO_LINK = 1 << 2;
  static final int SQE_CQE_SKIP_SUCCESS = 1 << 6;

  /** poll.h: there is something to read. */
  static final int POLLIN = 1;

  private RingLayout() {}
}
