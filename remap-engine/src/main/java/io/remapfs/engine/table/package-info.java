@NullMarked
package io.remapfs.engine.table;

import org.jspecify.annotations.NullMarked;
