/** Suites on real FUSE mounts, loop devices, file systems and disks that really fail. */
@org.jspecify.annotations.NullMarked
package io.remapfs.it;
