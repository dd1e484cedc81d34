/**
 * How the disk is doing: the report, the bad-block lists and the event log. Everything here listens
 * to the engine one way: it takes snapshots and events, and never calls back into the I/O path.
 */
@NullMarked
package io.remapfs.health;

import org.jspecify.annotations.NullMarked;
