/** What the memory model must not allow, tried by jcstress on the machine at hand. */
@NullMarked
package io.remapfs.engine.stress;

import org.jspecify.annotations.NullMarked;
