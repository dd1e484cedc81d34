/**
 * What happened to the disk, and who is told: the log of events in memory and in the health file,
 * the user's hook, and the samples that make a history. The engine and the other parts of health
 * publish; nothing here calls back into them.
 */
@NullMarked
package io.remapfs.health.event;

import org.jspecify.annotations.NullMarked;
