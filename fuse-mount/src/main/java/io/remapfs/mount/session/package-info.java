/** The conversation with the kernel: mounting, the workers that answer its requests, unmounting. */
@NullMarked
package io.remapfs.mount.session;

import org.jspecify.annotations.NullMarked;
