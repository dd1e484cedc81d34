package io.remapfs.engine;

/**
 * What became of a block that the user asked to move.
 *
 * @param blockIndex the block
 * @param target where it is now; see {@link io.remapfs.engine.table.Target}
 * @param moved whether this call moved it
 */
public record RemapResult(long blockIndex, long target, boolean moved) {}
