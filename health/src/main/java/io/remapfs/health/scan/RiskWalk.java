package io.remapfs.health.scan;

/** The risky regions in their order, and then the whole disk from where the oldest look is. */
final class RiskWalk extends Walk {
  private static final int RISKY = 0;
  private static final int REST = 1;

  private final RegionWalk risky;
  private final CircularWalk rest;
  private int phase;

  RiskWalk(RegionWalk risky, CircularWalk rest, int phase) {
    this.risky = risky;
    this.rest = rest;
    this.phase = phase == REST || risky.isAtEnd() ? REST : RISKY;
  }

  private Walk current() {
    return phase == RISKY ? risky : rest;
  }

  @Override
  boolean isAtEnd() {
    return phase == REST && rest.isAtEnd();
  }

  @Override
  long position() {
    return current().position();
  }

  @Override
  int blocks(int most) {
    return current().blocks(most);
  }

  @Override
  void advance(int blocks) {
    current().advance(blocks);
    if (risky.isAtEnd()) {
      phase = REST;
    }
  }

  @Override
  long doneBlocks() {
    return risky.doneBlocks() + rest.doneBlocks();
  }

  @Override
  long totalBlocks() {
    return risky.totalBlocks() + rest.totalBlocks();
  }

  @Override
  int phase() {
    return phase;
  }

  @Override
  long origin() {
    return rest.origin();
  }
}
