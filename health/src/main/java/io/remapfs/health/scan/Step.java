package io.remapfs.health.scan;

import org.jspecify.annotations.Nullable;

/**
 * One read of the scanner.
 *
 * @param kind what it is for
 * @param tour the tour that it belongs to
 * @param first its first block
 * @param blocks how many
 * @param quiet whether users left the disk alone when it was planned
 * @param suspect what is measured, for {@link Kind#SUSPECT}
 */
record Step(
    Kind kind,
    long tour,
    long first,
    int blocks,
    boolean quiet,
    SlowBlocks.@Nullable Suspect suspect) {
  enum Kind {
    /** On the tour's way. */
    WAY,
    /** Around a new error. */
    NEIGHBOUR,
    /** Once more, because it was slow. */
    SUSPECT
  }

  /** Pending blocks get their one attempt a tour where the tour passes them. */
  boolean retriesPending() {
    return kind == Kind.WAY;
  }
}
