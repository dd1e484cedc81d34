/**
 * What lies in a given place of a disk: which file, which part of the file system's own, or
 * nothing. Reads the image only, never repairs or replays anything, and goes on where something
 * cannot be read, as the blocks that are asked about are those that cannot.
 */
@NullMarked
package io.remapfs.health.blame;

import org.jspecify.annotations.NullMarked;
