package io.remapfs.mount.session;

/**
 * The bytes of the kernel's FUSE protocol 7 that we read and write ourselves; offsets only, from
 * {@code linux/fuse.h}. All fields are in the machine's byte order.
 *
 * <p>Every request begins with {@code struct fuse_in_header}, 40 bytes:
 *
 * <pre>
 *  0        4        8                16               24       28       32       36    38   40
 *  | len    | opcode | unique         | nodeid         | uid    | gid    | pid    | ext |pad |
 * </pre>
 *
 * READ has {@code struct fuse_read_in} behind it and WRITE {@code struct fuse_write_in}, both 40
 * bytes of one shape; a WRITE's payload follows, that is at byte 80:
 *
 * <pre>
 * 40               48               56       60       64               72       76       80
 *  | fh             | offset         | size   | flags  | lock_owner     | oflags | pad    | ...
 * </pre>
 *
 * INIT has {@code struct fuse_init_in}:
 *
 * <pre>
 * 40       44       48            52       56       60
 *  | major  | minor  | max_readahd | flags  | flags2 | unused ...
 * </pre>
 *
 * Every reply begins with {@code struct fuse_out_header}, 16 bytes:
 *
 * <pre>
 *  0        4        8                16
 *  | len    | error  | unique         | ...
 * </pre>
 *
 * A WRITE is answered with {@code struct fuse_write_out}: {@code size} at 16 and padding up to 24.
 * An OPEN is answered with {@code struct fuse_open_out}:
 *
 * <pre>
 * 16               24           28       32
 *  | fh             | open_flags | pad    |
 * </pre>
 *
 * INIT is answered with {@code struct fuse_init_out}, which is 64 bytes from minor 23 on:
 *
 * <pre>
 * 16       20       24            28       32        34         36          40
 *  | major  | minor  | max_readahd | flags  | max_bgr | congest. | max_write | time_gran ...
 * 40          44        46        48       52                                            80
 *  | time_gran | max_pgs | map_aln | flags2 | unused                                      |
 * </pre>
 */
final class FuseProtocol {
  static final int OPCODE_OPEN = 14;
  static final int OPCODE_READ = 15;
  static final int OPCODE_WRITE = 16;
  static final int OPCODE_INIT = 26;
  static final int OPCODE_INTERRUPT = 36;

  // struct fuse_in_header
  static final int IN_OPCODE = 4;
  static final int IN_UNIQUE = 8;
  static final int IN_HEADER_BYTES = 40;

  // struct fuse_read_in and fuse_write_in, from the request's first byte
  static final int IO_HANDLE = 40;
  static final int IO_OFFSET = 48;
  static final int IO_SIZE = 56;
  static final int IO_HEADER_BYTES = 80;

  // struct fuse_init_in, from the request's first byte
  static final int INIT_IN_MAJOR = 40;
  static final int INIT_IN_MINOR = 44;
  static final int INIT_IN_FLAGS = 52;
  static final int INIT_IN_FLAGS2 = 56;

  // struct fuse_out_header
  static final int OUT_LENGTH = 0;
  static final int OUT_ERROR = 4;
  static final int OUT_UNIQUE = 8;
  static final int OUT_HEADER_BYTES = 16;

  // struct fuse_write_out, from the reply's first byte
  static final int WRITE_OUT_SIZE = 16;
  static final int WRITE_OUT_PADDING = 20;
  static final int WRITE_REPLY_BYTES = 24;

  // struct fuse_open_out, from its own first byte
  static final int OPEN_OUT_HANDLE = 0;
  static final int OPEN_OUT_FLAGS = 8;
  static final int FOPEN_DIRECT_IO = 1;
  static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

  // struct fuse_init_out, from its own first byte
  static final int INIT_OUT_MINOR = 4;
  static final int INIT_OUT_FLAGS = 12;
  static final int INIT_OUT_MAX_BACKGROUND = 16;
  static final int INIT_OUT_CONGESTION = 18;
  static final int INIT_OUT_MAX_WRITE = 20;
  static final int INIT_OUT_TIME_GRANULARITY = 24;
  static final int INIT_OUT_MAX_PAGES = 28;
  static final int INIT_OUT_FLAGS2 = 32;

  /** What libfuse 2.9 sends, the reply of kernels before minor 23. */
  static final int INIT_OUT_OLD_BYTES = 24;

  static final int INIT_OUT_BYTES = 64;

  // INIT flags
  static final int ASYNC_READ = 1;
  static final int BIG_WRITES = 1 << 5;
  static final int ASYNC_DIO = 1 << 15;
  static final int PARALLEL_DIROPS = 1 << 18;
  static final int MAX_PAGES = 1 << 22;

  /** Says that flags2 is filled in. */
  static final int INIT_EXT = 1 << 30;

  /** Bit 36 of the flags, so bit 4 of flags2: shared mmap of a file opened with direct I/O. */
  static final int DIRECT_IO_ALLOW_MMAP = 1 << 4;

  /** Bit 41 of the flags, so bit 9 of flags2: requests through io_uring. */
  static final int OVER_IO_URING = 1 << 9;

  // enum fuse_uring_cmd
  static final int URING_REGISTER = 1;
  static final int URING_COMMIT_AND_FETCH = 2;

  /**
   * The {@code ioctl} that makes a freshly opened {@code /dev/fuse} speak for a mount: _IOR(229, 0,
   * uint32_t). Its argument points to the mount's descriptor.
   */
  static final long DEV_IOC_CLONE = 0x8004e500L;

  private FuseProtocol() {}
}
