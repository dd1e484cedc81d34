/**
 * What happened in each region of the disk, and what that says: records of evidence, a map of them
 * that costs nothing where nothing happened, and scores.
 */
@NullMarked
package io.remapfs.health.region;

import org.jspecify.annotations.NullMarked;
