@NullMarked
package io.remapfs.engine.posix;

import org.jspecify.annotations.NullMarked;
