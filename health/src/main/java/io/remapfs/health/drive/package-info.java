/** What the drive says of itself (SMART), where there is a drive and a tool to ask it. */
@NullMarked
package io.remapfs.health.drive;

import org.jspecify.annotations.NullMarked;
