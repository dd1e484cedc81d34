package io.remapfs.engine;

import io.remapfs.engine.metadata.ReleasedSpares;

/**
 * What moving the blocks of the older spares to the newest came to.
 *
 * @param spare name of the newest spare
 * @param moved blocks moved
 * @param salvaged lost blocks whose slot could be read after all, and that were moved
 * @param lost blocks whose slot could not be read; pending now
 * @param complete whether all were looked at; false when it was told to stop
 * @param spares which of the older spares are not needed any more, and which are
 */
public record MigrationReport(
    String spare, long moved, long salvaged, long lost, boolean complete, ReleasedSpares spares) {}
