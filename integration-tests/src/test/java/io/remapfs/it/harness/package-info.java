/**
 * What the suites share: failing disks, loop devices, mounts, and the check that nothing is left
 * behind.
 */
@org.jspecify.annotations.NullMarked
package io.remapfs.it.harness;
