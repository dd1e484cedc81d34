/** The control file: one command written, its JSON answer read back. */
@NullMarked
package io.remapfs.mount.control;

import org.jspecify.annotations.NullMarked;
