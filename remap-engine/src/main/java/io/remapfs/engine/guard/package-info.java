@NullMarked
package io.remapfs.engine.guard;

import org.jspecify.annotations.NullMarked;
