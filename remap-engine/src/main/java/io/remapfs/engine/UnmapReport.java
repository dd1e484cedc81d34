package io.remapfs.engine;

/**
 * What moving blocks back to their own places came to. Blocks that were not in a slot are in none
 * of the counts.
 *
 * @param firstBlock the first block looked at
 * @param blockCount the blocks looked at
 * @param unmapped blocks that are in their own place again
 * @param kept blocks whose own place did not take the data or give it back; still in their slot
 * @param lost blocks whose slot could not be read; pending now
 */
public record UnmapReport(long firstBlock, long blockCount, long unmapped, long kept, long lost) {}
