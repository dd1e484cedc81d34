/**
 * What is likely to fail next, and when the spare runs out. Pure functions of what happened and of
 * the clock; docs/health.md says how good they are and how that was measured.
 */
@NullMarked
package io.remapfs.health.forecast;

import org.jspecify.annotations.NullMarked;
