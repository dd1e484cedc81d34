/**
 * What can be found wrong before anything is changed: inputs, mount points, loop devices, and what
 * the system offers. Everything here only looks, except where its name says otherwise.
 */
@NullMarked
package io.remapfs.mount.preflight;

import org.jspecify.annotations.NullMarked;
