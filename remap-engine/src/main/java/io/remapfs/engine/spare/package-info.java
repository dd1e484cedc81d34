/** Where slots lie in the spare, and which of them are used up. */
@NullMarked
package io.remapfs.engine.spare;

import org.jspecify.annotations.NullMarked;
