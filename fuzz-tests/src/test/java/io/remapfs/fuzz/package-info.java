/**
 * Fuzzing of everything that reads bytes it did not write: how targets are run, and what they
 * share.
 *
 * <p>A target is a class with {@code fuzzerTestOneInput(byte[])}; it lies in the package of what it
 * feeds, whose parsers are not public. It throws what it does not expect, and that is the finding.
 */
@NullMarked
package io.remapfs.fuzz;

import org.jspecify.annotations.NullMarked;
