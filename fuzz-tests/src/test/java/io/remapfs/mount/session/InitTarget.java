package io.remapfs.mount.session;

import io.remapfs.fuzz.Expect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The input is what a kernel says in INIT (major, minor, flags, flags2) and then what libfuse would
 * answer.
 */
public final class InitTarget {
  private static final int KERNEL_BYTES = 16;
  private static final int MAX_READAHEAD_AT = 8;

  private InitTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    ByteBuffer kernel = ByteBuffer.allocate(KERNEL_BYTES).order(ByteOrder.nativeOrder());
    kernel.put(0, input, 0, Math.min(input.length, KERNEL_BYTES));
    int major = kernel.getInt(0);
    int minor = kernel.getInt(4);
    int flags = kernel.getInt(8);
    int flags2 = kernel.getInt(12);
    ByteBuffer answer =
        ByteBuffer.allocate(FuseProtocol.INIT_OUT_BYTES).order(ByteOrder.nativeOrder());
    int rest = Math.max(0, Math.min(input.length - KERNEL_BYTES, FuseProtocol.INIT_OUT_BYTES));
    answer.put(0, input, input.length - rest, rest);
    int readahead = answer.getInt(MAX_READAHEAD_AT);
    if (!InitNegotiation.isFor(major, minor)) {
      return;
    }
    InitNegotiation.improve(answer, minor, flags, flags2, InitWishes.USUAL);
    int answered = answer.getInt(FuseProtocol.INIT_OUT_FLAGS);
    int answered2 = answer.getInt(FuseProtocol.INIT_OUT_FLAGS2);
    int pages = answer.getShort(FuseProtocol.INIT_OUT_MAX_PAGES);
    Expect.that((answered & ~flags) == 0, "flags %x of %x", answered, flags);
    Expect.that((answered2 & ~flags2) == 0, "flags2 %x of %x", answered2, flags2);
    Expect.that(answered2 == 0 || (answered & FuseProtocol.INIT_EXT) != 0, "flags2 unannounced");
    Expect.that(pages == 0 || (answered & FuseProtocol.MAX_PAGES) != 0, "pages unannounced");
    int answeredMinor = answer.getInt(FuseProtocol.INIT_OUT_MINOR);
    Expect.that(answeredMinor <= minor && answeredMinor >= 23, "minor %d", answeredMinor);
    Expect.that(
        answer.getInt(FuseProtocol.INIT_OUT_MAX_WRITE) == InitNegotiation.MAX_TRANSFER_BYTES,
        "requests would not fit the buffer");
    Expect.that(answer.getInt(MAX_READAHEAD_AT) == readahead, "max_readahead is libfuse's");
  }
}
