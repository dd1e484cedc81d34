/**
 * The health file: what is known of a disk's health, kept from one mount to the next. It holds
 * nothing that the safety of data depends on, so nothing that happens to it may be in the way of a
 * mount or of an I/O.
 */
@NullMarked
package io.remapfs.health.store;

import org.jspecify.annotations.NullMarked;
