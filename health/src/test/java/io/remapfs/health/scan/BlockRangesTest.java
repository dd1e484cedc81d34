package io.remapfs.health.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.health.scan.BlockRanges.Overflow;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sets of blocks that know what they do not know. */
final class BlockRangesTest {
  private static BitSet bits(BlockRanges ranges) {
    BitSet bits = new BitSet();
    for (int i = 0; i < ranges.count(); i++) {
      bits.set((int) ranges.start(i), (int) ranges.end(i));
    }
    return bits;
  }

  private static void randomly(BlockRanges ranges, BitSet expected, Random random) {
    int from = random.nextInt(300);
    int to = from + random.nextInt(20);
    if (random.nextBoolean()) {
      ranges.add(from, to);
      expected.set(from, to);
    } else {
      ranges.remove(from, to);
      expected.clear(from, to);
    }
    for (int i = 0; i < ranges.count(); i++) {
      assertThat(ranges.start(i)).isLessThan(ranges.end(i));
      assertThat(i == 0 || ranges.end(i - 1) < ranges.start(i)).isTrue();
    }
  }

  @Test
  void shouldBeExactWhileThereIsRoom() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    BlockRanges ranges = new BlockRanges(200, Overflow.GROW);
    BitSet expected = new BitSet();
    for (int i = 0; i < 5000; i++) {
      randomly(ranges, expected, random);
      assertThat(bits(ranges)).as("seed %d, step %d", seed, i).isEqualTo(expected);
      int block = random.nextInt(320);
      assertThat(ranges.contains(block)).isEqualTo(expected.get(block));
    }
  }

  @Test
  void shouldLackNothingWhenItMayGrow() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    BlockRanges ranges = new BlockRanges(4, Overflow.GROW);
    BitSet expected = new BitSet();
    for (int i = 0; i < 5000; i++) {
      randomly(ranges, expected, random);
      BitSet missing = (BitSet) expected.clone();
      missing.andNot(bits(ranges));
      assertThat(missing.isEmpty()).as("seed %d, step %d", seed, i).isTrue();
      assertThat(ranges.count()).isLessThanOrEqualTo(4);
    }
  }

  @Test
  void shouldHoldNothingElseWhenItMayShrink() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    BlockRanges ranges = new BlockRanges(4, Overflow.SHRINK);
    BitSet expected = new BitSet();
    for (int i = 0; i < 5000; i++) {
      randomly(ranges, expected, random);
      BitSet tooMuch = bits(ranges);
      tooMuch.andNot(expected);
      assertThat(tooMuch.isEmpty()).as("seed %d, step %d", seed, i).isTrue();
      assertThat(ranges.count()).isLessThanOrEqualTo(4);
    }
  }

  @Test
  void shouldCloseTheNarrowestGap() {
    BlockRanges ranges = new BlockRanges(2, Overflow.GROW);
    ranges.add(0, 10);
    ranges.add(100, 110);
    ranges.add(113, 120);
    assertThat(ranges.toArray()).containsExactly(0, 10, 100, 120);
  }

  @Test
  void shouldRefuseBytesThatAreNoRanges() {
    BlockRanges ranges = new BlockRanges(2, Overflow.GROW);
    ByteBuffer bytes = ByteBuffer.allocate(64).putInt(2);
    bytes.putLong(5).putLong(9).putLong(8).putLong(12).flip();
    assertThatThrownBy(() -> ranges.readFrom(bytes, 100))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
