/**
 * remapfs in Docker: the real image, built from {@code packaging/docker/Dockerfile}, run by
 * Testcontainers on an engine of its own.
 */
@NullMarked
package io.remapfs.it.docker;

import org.jspecify.annotations.NullMarked;
