/** io_uring: rings shared with the kernel, by which many transfers need one system call. */
@NullMarked
package io.remapfs.mount.ring;

import org.jspecify.annotations.NullMarked;
