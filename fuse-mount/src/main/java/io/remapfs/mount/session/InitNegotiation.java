package io.remapfs.mount.session;

import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_BYTES;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_CONGESTION;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_FLAGS;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_FLAGS2;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_MAX_BACKGROUND;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_MAX_PAGES;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_MAX_WRITE;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_MINOR;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_OLD_BYTES;
import static io.remapfs.mount.session.FuseProtocol.INIT_OUT_TIME_GRANULARITY;

import java.nio.ByteBuffer;

/**
 * The answer to INIT, better than libfuse 2.9 knows how to give.
 *
 * <p>libfuse answers as protocol 7.19, which has no asynchronous direct I/O (so a loop device runs
 * at queue depth 1 whatever its depth) and no requests above 128 KiB. We answer as 7.31. That is
 * safe although libfuse serves the remaining requests: it lays out its replies by the kernel's
 * minor and not by its own, and whatever 7.20 to 7.31 added is a flag that we do not set or a
 * request to which its "function not implemented" is a proper answer.
 */
final class InitNegotiation {
  /** The largest READ or WRITE, in bytes. */
  static final int MAX_TRANSFER_BYTES = 1 << 20;

  /** Requests that the kernel sends ahead in the background; asynchronous direct I/O counts. */
  static final int MAX_BACKGROUND = 64;

  private static final int CONGESTION = MAX_BACKGROUND * 3 / 4;

  /** From here on the kernel takes an answer of 64 bytes. */
  private static final int FIRST_MINOR_WITH_LONG_ANSWER = 23;

  /** The first minor with max_pages. */
  private static final int OUR_MINOR = 31;

  private static final int WISHED_FLAGS =
      FuseProtocol.ASYNC_READ
          | FuseProtocol.BIG_WRITES
          | FuseProtocol.ASYNC_DIO
          | FuseProtocol.PARALLEL_DIROPS
          | FuseProtocol.MAX_PAGES
          | FuseProtocol.INIT_EXT;

  private InitNegotiation() {}

  /** Whether the kernel takes our answer; an older one gets libfuse's. */
  static boolean isFor(int kernelMajor, int kernelMinor) {
    return kernelMajor == 7 && kernelMinor >= FIRST_MINOR_WITH_LONG_ANSWER;
  }

  /**
   * Turns libfuse's answer into ours, in place.
   *
   * @param answer {@code struct fuse_init_out} in native order, {@value
   *     FuseProtocol#INIT_OUT_BYTES} bytes, of which libfuse filled the first 24
   * @param kernelMinor the kernel's protocol minor
   * @param offeredFlags what the kernel can, flags of its INIT
   * @param offeredFlags2 the same, upper half; meaningful only if INIT_EXT is offered
   * @param wishes what this session wants of it
   * @return the flags of the upper half that are agreed on now
   */
  static int improve(
      ByteBuffer answer, int kernelMinor, int offeredFlags, int offeredFlags2, InitWishes wishes) {
    for (int at = INIT_OUT_OLD_BYTES; at < INIT_OUT_BYTES; at += Integer.BYTES) {
      answer.putInt(at, 0);
    }
    int flags = WISHED_FLAGS & offeredFlags;
    answer.putInt(INIT_OUT_MINOR, Math.min(OUR_MINOR, kernelMinor));
    answer.putInt(INIT_OUT_FLAGS, flags);
    answer.putShort(INIT_OUT_MAX_BACKGROUND, (short) MAX_BACKGROUND);
    answer.putShort(INIT_OUT_CONGESTION, (short) CONGESTION);
    answer.putInt(INIT_OUT_MAX_WRITE, wishes.transferBytes());
    answer.putInt(INIT_OUT_TIME_GRANULARITY, 1);
    if ((flags & FuseProtocol.MAX_PAGES) != 0) {
      answer.putShort(INIT_OUT_MAX_PAGES, (short) wishes.transferPages());
    }
    int flags2 = (flags & FuseProtocol.INIT_EXT) != 0 ? wishes.flags2() & offeredFlags2 : 0;
    answer.putInt(INIT_OUT_FLAGS2, flags2);
    return flags2;
  }
}
