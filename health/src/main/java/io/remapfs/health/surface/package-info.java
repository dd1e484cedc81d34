/**
 * The data of the pictures: the whole disk as a few thousand cells, the scanner's latencies, and
 * what else {@code health.json} holds. Knows none of the packages that the facts come from.
 */
@NullMarked
package io.remapfs.health.surface;

import org.jspecify.annotations.NullMarked;
