package io.remapfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RefusedWritesTest {
  private static final long BLOCKS = 1 << 20;
  private static final int PROOF = 129;

  /** Far enough from each other to be in many zones. */
  private static long spread(int i) {
    return i * (BLOCKS / PROOF);
  }

  @Test
  void shouldBeSureWhenMoreRefuseThanCanBeOnTheirWay() {
    RefusedWrites refused = new RefusedWrites(BLOCKS, 4096);
    for (int i = 0; i < PROOF - 1; i++) {
      assertThat(refused.add(spread(i))).isFalse();
    }
    assertThat(refused.add(spread(PROOF - 1))).isTrue();
  }

  @Test
  void shouldBeginAnewWhenOneWasAccepted() {
    RefusedWrites refused = new RefusedWrites(BLOCKS, 4096);
    for (int i = 0; i < PROOF - 1; i++) {
      refused.add(spread(i));
    }
    refused.clear();
    assertThat(refused.add(spread(PROOF - 1))).isFalse();
  }

  @Test
  void shouldCountTheBlocksOfAPageOnce() {
    RefusedWrites refused = new RefusedWrites(BLOCKS, 512);
    for (int i = 0; i < PROOF - 1; i++) {
      for (long block = spread(i) & -8; block < (spread(i) & -8) + 8; block++) {
        assertThat(refused.add(block)).isFalse();
      }
    }
    assertThat(refused.add(spread(PROOF - 1))).isTrue();
  }

  @Test
  void shouldNotBeSureWhenAllLieInAFewZones() {
    RefusedWrites refused = new RefusedWrites(BLOCKS, 4096);
    for (int i = 0; i < 10 * PROOF; i++) {
      assertThat(refused.add(i)).isFalse();
    }
  }
}
