package io.remapfs.engine.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TableLoaderTest {
  private static final long BLOCKS = 200_000;

  @Test
  void shouldEqualPutsAndRemovesWhenTheyComeInAnyOrder() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      RemapTable expected = new RemapTable(BLOCKS);
      RemapTable loaded = new RemapTable(BLOCKS);
      TableLoader loader = new TableLoader(loaded);
      // Few blocks in some seeds, so that changes of one block meet in a batch and across batches.
      int span = seed % 2 == 0 ? (int) BLOCKS : 500;
      int changes = seed == 0 ? 3 * TableLoader.BATCH_ENTRIES : 20_000;
      for (int i = 0; i < changes; i++) {
        long blockIndex = random.nextInt(span);
        if (random.nextInt(4) == 0) {
          expected.remove(blockIndex);
          loader.remove(blockIndex);
        } else {
          long target = random.nextInt(3) == 0 ? Target.pending(i) : Target.remapped(i);
          expected.put(blockIndex, target);
          loader.put(blockIndex, target);
        }
        if (i % 7000 == 6999) {
          loader.finish();
        }
      }
      loader.finish();
      requireSame(loaded, expected, "seed " + seed);
    }
  }

  @Test
  void shouldEqualPutsWhenEntriesComeSorted() {
    RemapTable expected = new RemapTable(BLOCKS);
    RemapTable loaded = new RemapTable(BLOCKS);
    TableLoader loader = new TableLoader(loaded);
    for (long blockIndex = 0; blockIndex < BLOCKS; blockIndex += 1 + blockIndex % 3) {
      expected.put(blockIndex, Target.remapped(blockIndex));
      loader.put(blockIndex, Target.remapped(blockIndex));
    }
    loader.finish();
    requireSame(loaded, expected, "sorted");
  }

  @Test
  void shouldLeaveNoRegionBehindWhenAllItsEntriesAreRemoved() {
    RemapTable table = new RemapTable(BLOCKS);
    long empty = table.heapBytes();
    TableLoader loader = new TableLoader(table);
    for (long blockIndex = 0; blockIndex < BLOCKS; blockIndex++) {
      loader.put(blockIndex, Target.pending(Target.NO_SLOT));
    }
    loader.finish();
    assertThat(table.pendingCount()).isEqualTo(BLOCKS);
    for (long blockIndex = BLOCKS - 1; blockIndex >= 0; blockIndex--) {
      loader.remove(blockIndex);
    }
    loader.finish();
    assertThat(table.heapBytes()).isEqualTo(empty);
    assertThat(table.isHealthy(0, BLOCKS)).isTrue();
  }

  @Test
  void shouldRefuseEntriesThatCannotBe() {
    TableLoader loader = new TableLoader(new RemapTable(100));
    assertThatThrownBy(() -> loader.put(100, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> loader.put(0, Target.HEALTHY))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> loader.remove(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static void requireSame(RemapTable actual, RemapTable expected, String what) {
    assertThat(entries(actual)).as(what).isEqualTo(entries(expected));
    assertThat(actual.remappedCount()).as(what).isEqualTo(expected.remappedCount());
    assertThat(actual.pendingCount()).as(what).isEqualTo(expected.pendingCount());
    assertThat(actual.heapBytes()).as(what).isEqualTo(expected.heapBytes());
  }

  private static List<Long> entries(RemapTable table) {
    List<Long> entries = new ArrayList<>();
    table.forEach(
        (blockIndex, target) -> {
          entries.add(blockIndex);
          entries.add(target);
        });
    return entries;
  }
}
