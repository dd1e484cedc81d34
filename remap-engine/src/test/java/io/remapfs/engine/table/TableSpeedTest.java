package io.remapfs.engine.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fails when the table has become slow by its making, never because the machine is: what is timed
 * is set against a plain search or copy in the same tenths of a second, the best of several tries,
 * with margins of some ten times. Figures are {@link TableBench}'s.
 */
final class TableSpeedTest {
  private static final int KEYS = 20_000;
  private static final int TRIES = 8;

  /** A plain search over all halves twenty times; the table's took a third to a tenth of it. */
  @ParameterizedTest
  @ValueSource(strings = {"scattered", "half", "run"})
  void shouldLookUpNoSlowerThanAPlainSearchWhenAMillionAreRemapped(String layout) {
    RemapTable table = TableBench.filled(layout);
    long[] all = blocksOf(table);
    long[] keys =
        new SplittableRandom(3).ints(KEYS, 0, all.length).mapToLong(i -> all[i]).toArray();
    assertThat(
            leastRatio(
                key -> table.targetOf(keys[(int) key]),
                key -> Arrays.binarySearch(all, keys[(int) key])))
        .isLessThan(2.0);
  }

  /** A change copies its region; here, one with half of its 4096 blocks. */
  @Test
  void shouldInsertAsFastAsItsRegionIsCopiedWhenAMillionAreRemapped() {
    RemapTable table = TableBench.filled("half");
    long[] all = blocksOf(table);
    long[] region = new long[2048];
    assertThat(
            leastRatio(
                key -> {
                  table.put(all[(int) key * 40] + 1, Target.remapped(key));
                  return table.remappedCount();
                },
                key -> Arrays.copyOf(region, region.length).length))
        .isLessThan(20.0);
  }

  private static long[] blocksOf(RemapTable table) {
    long[] all = new long[(int) table.remappedCount()];
    int[] count = new int[1];
    table.forEach((block, target) -> all[count[0]++] = block);
    return all;
  }

  /** How many times as long as the reference it takes at best; the first tries are for the JIT. */
  private static double leastRatio(LongUnaryOperator measured, LongUnaryOperator reference) {
    double least = Double.MAX_VALUE;
    for (int i = 0; i < TRIES; i++) {
      double nanos = nanosOf(measured);
      least = Math.min(least, nanos / nanosOf(reference));
    }
    return least;
  }

  private static long nanosOf(LongUnaryOperator work) {
    long sum = 0;
    long begun = System.nanoTime();
    for (int key = 0; key < KEYS; key++) {
      sum += work.applyAsLong(key);
    }
    long nanos = System.nanoTime() - begun;
    assertThat(sum).isNotEqualTo(Long.MIN_VALUE); // So that the work is not optimised away.
    return nanos;
  }
}
