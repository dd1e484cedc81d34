/** The scanner: a tour of the disk that finds bad blocks before the user does. */
@NullMarked
package io.remapfs.health.scan;

import org.jspecify.annotations.NullMarked;
