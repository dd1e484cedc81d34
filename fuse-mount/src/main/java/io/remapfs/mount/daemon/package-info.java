/** The mounted daemon: what it is made of, in which order it comes up, and how it goes down. */
@NullMarked
package io.remapfs.mount.daemon;

import org.jspecify.annotations.NullMarked;
