@NullMarked
package io.remapfs.engine.device;

import org.jspecify.annotations.NullMarked;
