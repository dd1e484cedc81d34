/** What the mount point holds: the image, the virtual files and the control file. */
@NullMarked
package io.remapfs.mount.fs;

import org.jspecify.annotations.NullMarked;
