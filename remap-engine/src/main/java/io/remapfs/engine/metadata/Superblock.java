package io.remapfs.engine.metadata;

import java.util.UUID;

/**
 * What a set is: written once at format, three times on the spare, and never changed.
 *
 * @param formatVersion of all metadata of the set
 * @param setUuid names the pair of backing and spare
 * @param blockSizeBytes the unit of remapping
 * @param backing the disk that the set protects
 * @param spareSizeBytes the spare's size at format
 * @param ringBlocks the length of each journal ring
 * @param createdEpochSeconds when it was formatted
 */
public record Superblock(
    int formatVersion,
    UUID setUuid,
    int blockSizeBytes,
    BackingIdentity backing,
    long spareSizeBytes,
    int ringBlocks,
    long createdEpochSeconds) {}
