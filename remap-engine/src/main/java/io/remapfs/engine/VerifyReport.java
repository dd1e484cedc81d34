package io.remapfs.engine;

/**
 * What reading a range of blocks again found.
 *
 * @param firstBlock the first block read
 * @param blockCount the blocks read
 * @param healthy blocks that read from the backing
 * @param remapped blocks that read from their slot, the newly salvaged among them
 * @param pending blocks whose contents are lost
 * @param recovered remapped and pending blocks whose own place on the backing reads again; what it
 *     holds may be older than the block
 */
public record VerifyReport(
    long firstBlock, long blockCount, long healthy, long remapped, long pending, long recovered) {}
