/** Everything durable about remaps: superblocks, checkpoints, the journal, and their recovery. */
@NullMarked
package io.remapfs.engine.metadata;

import org.jspecify.annotations.NullMarked;
