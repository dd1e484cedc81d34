package io.remapfs.engine.metadata;

import java.util.UUID;

/**
 * A spare that was added to the set.
 *
 * @param name of its device
 * @param memberUuid its name in the superblocks
 * @param firstSlot the number of its first slot
 * @param slotCount its slots
 * @param replacedName of the device that held the metadata before
 */
public record AddedSpare(
    String name, UUID memberUuid, long firstSlot, long slotCount, String replacedName) {}
