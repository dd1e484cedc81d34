/** The command line: one class a command, each of them thin. */
@NullMarked
package io.remapfs.mount.cli;

import org.jspecify.annotations.NullMarked;
