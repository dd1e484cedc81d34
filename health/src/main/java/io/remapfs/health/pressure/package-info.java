/** How short of memory the machine, the container and the process are. */
@NullMarked
package io.remapfs.health.pressure;

import org.jspecify.annotations.NullMarked;
