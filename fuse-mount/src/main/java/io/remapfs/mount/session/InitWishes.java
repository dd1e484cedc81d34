package io.remapfs.mount.session;

/**
 * What a session asks of the kernel at INIT, beyond what all of them do.
 *
 * @param transferBytes the largest WRITE, a multiple of 4096 up to {@value
 *     InitNegotiation#MAX_TRANSFER_BYTES}
 * @param transferPages the pages of its caller's memory that a READ or WRITE may lie in
 * @param flags2 the wished flags of the upper half
 */
record InitWishes(int transferBytes, int transferPages, int flags2) {
  private static final int PAGE_BYTES = 4096;

  /** What the kernel grants unless its owner allows more. */
  private static final int MOST_PAGES = 256;

  /** For requests that are read from {@code /dev/fuse}. */
  static final InitWishes USUAL =
      new InitWishes(
          InitNegotiation.MAX_TRANSFER_BYTES, MOST_PAGES, FuseProtocol.DIRECT_IO_ALLOW_MMAP);

  /**
   * For requests through io_uring. One page more than a WRITE has bytes for: else one that is not
   * page-aligned in its caller's memory would be cut off there, in the middle of a block.
   */
  static InitWishes overUring(int transferBytes) {
    return new InitWishes(
        transferBytes,
        Math.min(MOST_PAGES, transferBytes / PAGE_BYTES + 1),
        FuseProtocol.DIRECT_IO_ALLOW_MMAP | FuseProtocol.OVER_IO_URING);
  }

  /** The most that comes with a request, or is its answer, in bytes. */
  int payloadBytes() {
    return Math.max(transferBytes, transferPages * PAGE_BYTES);
  }
}
