package io.remapfs.engine.metadata;

import java.util.List;

/**
 * Older spares that the set was told to do without.
 *
 * @param released names of the devices that no block is in any more; the set no longer asks for
 *     them
 * @param kept those that still hold blocks
 * @param troubles released spares that could not be marked as such, one line each; harmless
 */
public record ReleasedSpares(List<String> released, List<Kept> kept, List<String> troubles) {
  /**
   * A spare that is still needed.
   *
   * @param name of its device
   * @param blocks how many blocks are in it, all of them lost until rewritten or moved
   */
  public record Kept(String name, long blocks) {}

  public ReleasedSpares {
    released = List.copyOf(released);
    kept = List.copyOf(kept);
    troubles = List.copyOf(troubles);
  }
}
