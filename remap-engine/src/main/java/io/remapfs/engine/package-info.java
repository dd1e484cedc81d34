/** The engine: address translation, error handling, and everything durable. */
@NullMarked
package io.remapfs.engine;

import org.jspecify.annotations.NullMarked;
