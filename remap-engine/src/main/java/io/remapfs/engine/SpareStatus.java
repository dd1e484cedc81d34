package io.remapfs.engine;

import java.util.UUID;

/**
 * One spare of the set.
 *
 * @param name of its device
 * @param memberUuid its name in the superblocks
 * @param firstSlot the number of its first slot
 * @param slots its slots
 * @param free slots that can still be handed out
 * @param holdsMetadata whether it is the one that was added last
 */
public record SpareStatus(
    String name, UUID memberUuid, long firstSlot, long slots, long free, boolean holdsMetadata) {}
