/** Draws a disk: as lines of a terminal, as an SVG picture, and as a page of HTML. */
@NullMarked
package io.remapfs.health.picture;

import org.jspecify.annotations.NullMarked;
