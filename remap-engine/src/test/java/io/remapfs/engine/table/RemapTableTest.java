package io.remapfs.engine.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class RemapTableTest {
  private static final long TEBIBYTE_OF_BLOCKS = 1L << 28;

  @Test
  void shouldBeHealthyWhenNew() {
    RemapTable table = new RemapTable(10_000);
    assertThat(table.targetOf(9_999)).isEqualTo(Target.HEALTHY);
    assertThat(table.isHealthy(0, 10_000)).isTrue();
    long run = table.run(0, 100);
    assertThat(RemapTable.runTarget(run)).isEqualTo(Target.HEALTHY);
    assertThat(RemapTable.runLength(run)).isEqualTo(100);
  }

  @Test
  void shouldTellPendingFromRemappedWhenSlotsAreTheSame() {
    RemapTable table = new RemapTable(100);
    table.put(1, Target.remapped(7));
    table.put(2, Target.pending(7));
    table.put(3, Target.pending(Target.NO_SLOT));
    assertThat(Target.isRemapped(table.targetOf(1))).isTrue();
    assertThat(Target.isPending(table.targetOf(2))).isTrue();
    assertThat(Target.slot(table.targetOf(2))).isEqualTo(7);
    assertThat(Target.slot(table.targetOf(3))).isEqualTo(Target.NO_SLOT);
    assertThat(table.remappedCount()).isEqualTo(1);
    assertThat(table.pendingCount()).isEqualTo(2);
  }

  @Test
  void shouldEndARunWhereSlotsStopFollowingEachOther() {
    RemapTable table = new RemapTable(100);
    table.put(10, Target.remapped(5));
    table.put(11, Target.remapped(6));
    table.put(12, Target.remapped(9));
    long run = table.run(10, 50);
    assertThat(RemapTable.runTarget(run)).isEqualTo(5);
    assertThat(RemapTable.runLength(run)).isEqualTo(2);
    assertThat(RemapTable.runLength(table.run(8, 50))).isEqualTo(2);
  }

  @Test
  void shouldKeepPendingRunsApartFromRemappedOnes() {
    RemapTable table = new RemapTable(100);
    table.put(0, Target.pending(Target.NO_SLOT));
    table.put(1, Target.pending(4));
    table.put(2, Target.remapped(5));
    long run = table.run(0, 50);
    assertThat(Target.isPending(RemapTable.runTarget(run))).isTrue();
    assertThat(RemapTable.runLength(run)).isEqualTo(2);
  }

  @Test
  void shouldRefuseWhatIsOutOfRange() {
    assertThatThrownBy(() -> new RemapTable(0)).isInstanceOf(IllegalArgumentException.class);
    RemapTable table = new RemapTable(10);
    assertThatThrownBy(() -> table.put(10, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> table.put(1, Target.HEALTHY))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Target.remapped(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldAnswerAsASortedMapWhenChangedAtRandom() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    long blocks = 3 * 4096 + 17;
    RemapTable table = new RemapTable(blocks);
    TreeMap<Long, Long> model = new TreeMap<>();
    for (int step = 0; step < 20_000; step++) {
      long block = Math.floorMod(random.nextLong(), blocks);
      if (random.nextInt(4) == 0) {
        table.remove(block);
        model.remove(block);
      } else {
        long slot = random.nextInt(5_000);
        long target = random.nextInt(3) == 0 ? Target.pending(slot) : Target.remapped(slot);
        table.put(block, target);
        model.put(block, target);
      }
      long from = Math.floorMod(random.nextLong(), blocks);
      long length = 1 + Math.floorMod(random.nextLong(), Math.min(600, blocks - from));
      assertThat(table.targetOf(from))
          .as("seed %d step %d", seed, step)
          .isEqualTo(model.getOrDefault(from, Target.HEALTHY));
      assertThat(table.isHealthy(from, length))
          .as("seed %d step %d", seed, step)
          .isEqualTo(model.subMap(from, from + length).isEmpty());
      checkRuns(table, model, from, length, "seed " + seed + " step " + step);
    }
    TreeMap<Long, Long> seen = new TreeMap<>();
    table.forEach(seen::put);
    assertThat(seen).as("seed %d", seed).isEqualTo(model);
    long pending = model.values().stream().filter(Target::isPending).count();
    assertThat(table.pendingCount()).isEqualTo(pending);
    assertThat(table.remappedCount()).isEqualTo(model.size() - pending);
  }

  /** Clusters and gaps, where a guess by an even spread is wrong by up to a whole region. */
  @Test
  void shouldFindEachBlockWhenARegionsEntriesAreUneven() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    int blocks = 4096;
    for (int round = 0; round < 200; round++) {
      RemapTable table = new RemapTable(blocks);
      TreeMap<Long, Long> model = new TreeMap<>();
      int clusters = 1 + random.nextInt(4);
      for (int cluster = 0; cluster < clusters; cluster++) {
        int first = random.nextInt(blocks);
        int last = Math.min(blocks - 1, first + (1 << random.nextInt(10)));
        int gap = 1 + random.nextInt(3);
        for (long block = first; block <= last; block += 1 + random.nextInt(gap)) {
          model.put(block, Target.remapped(block + 1));
        }
      }
      model.forEach(table::put);
      for (long block = 0; block < blocks; block++) {
        assertThat(table.targetOf(block))
            .as("seed %d round %d block %d", seed, round, block)
            .isEqualTo(model.getOrDefault(block, Target.HEALTHY));
        Long next = model.ceilingKey(block);
        long healthy = (next == null ? blocks : next) - block;
        if (healthy > 0) {
          assertThat(RemapTable.runLength(table.run(block, blocks - block)))
              .as("seed %d round %d block %d", seed, round, block)
              .isEqualTo((int) healthy);
        }
      }
    }
  }

  private static void checkRuns(
      RemapTable table, Map<Long, Long> model, long from, long length, String where) {
    for (long block = from; block < from + length; ) {
      long run = table.run(block, from + length - block);
      long target = RemapTable.runTarget(run);
      for (int i = 0; i < RemapTable.runLength(run); i++) {
        long expected = model.getOrDefault(block + i, Target.HEALTHY);
        if (Target.isPending(target)) {
          assertThat(Target.isPending(expected)).as(where).isTrue();
        } else {
          assertThat(target == Target.HEALTHY ? target : target + i).as(where).isEqualTo(expected);
        }
      }
      block += RemapTable.runLength(run);
    }
  }

  /**
   * Counts the bytes of the arrays themselves: 16 of header and 8 an entry for each region, 4 (with
   * compressed references) or 8 for each place in the directory.
   */
  @Test
  void shouldTakeAtMost16BytesARemapWhenAMillionAreScattered() {
    Random random = new Random(42);
    RemapTable table = new RemapTable(16 * TEBIBYTE_OF_BLOCKS);
    for (int i = 0; i < 1_000_000; i++) {
      table.put(Math.floorMod(random.nextLong(), 16 * TEBIBYTE_OF_BLOCKS), Target.remapped(i));
    }
    assertThat(table.heapBytes() / table.remappedCount()).isLessThanOrEqualTo(16);
  }
}
