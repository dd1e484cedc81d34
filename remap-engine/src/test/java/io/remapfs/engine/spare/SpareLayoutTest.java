package io.remapfs.engine.spare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SpareLayoutTest {
  private static final int K = 1024;

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 2048, 4096, 8192, 16384, 32768, 65536})
  void shouldKeepSlotsAndMetadataApartWhateverTheSize(int blockSize) {
    long minimum = SpareLayout.minimumBytes(blockSize);
    for (long size : new long[] {minimum, minimum + 4096, minimum + 5000, 16L * K * K, 33333333}) {
      requireDisjoint(SpareLayout.of(Math.max(size, minimum), blockSize));
    }
  }

  private static void requireDisjoint(SpareLayout layout) {
    TreeMap<Long, Long> ranges = new TreeMap<>();
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      add(ranges, layout.superblockOffset(zone), 4096);
      for (int area = 0; area < 2; area++) {
        add(ranges, layout.checkpointOffset(zone, area, 0), 4096L * layout.checkpointBlocks());
      }
      add(ranges, layout.ringOffset(zone), 4096L * layout.ringBlocks());
    }
    for (long slot = 0; slot < layout.slotCount(); slot++) {
      if (layout.tagIndex(slot) == 0) {
        add(ranges, layout.tagBlockOffset(slot), 4096);
      }
      add(ranges, layout.slotByteOffset(slot), layout.blockSizeBytes());
    }
    long end = 0;
    for (Map.Entry<Long, Long> range : ranges.entrySet()) {
      assertThat(range.getKey()).isGreaterThanOrEqualTo(end);
      end = range.getKey() + range.getValue();
    }
    assertThat(end).isLessThanOrEqualTo(layout.spareSizeBytes());
  }

  private static void add(TreeMap<Long, Long> ranges, long offset, long length) {
    assertThat(ranges.put(offset, length)).as("two things at %s", offset).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096, 65536})
  void shouldRefuseASpareWhenItIsSmallerThanTheMinimum(int blockSize) {
    long minimum = SpareLayout.minimumBytes(blockSize);
    assertThat(SpareLayout.of(minimum, blockSize).slotCount())
        .isGreaterThanOrEqualTo(SpareLayout.MIN_SLOTS);
    for (long size : new long[] {0, 1, 4096, 65536, minimum - 4096}) {
      assertThatThrownBy(() -> SpareLayout.of(size, blockSize))
          .isInstanceOfSatisfying(
              SpareTooSmallException.class, e -> assertThat(e.requiredBytes()).isGreaterThan(size))
          .hasMessageContaining("needs at least");
    }
  }

  @Test
  void shouldUseMostOfTheSpareForSlots() {
    SpareLayout layout = SpareLayout.of(16L * K * K, 4096);
    assertThat(layout.slotCount() * 4096).isGreaterThan(16L * K * K * 85 / 100);
    SpareLayout large = SpareLayout.of(1L << 40, 4096);
    assertThat(large.slotCount() * 4096).isGreaterThan((1L << 40) / 100 * 94);
  }

  @Test
  void shouldCountContiguousSlotsToTheGroupsEnd() {
    SpareLayout layout = SpareLayout.of(16L * K * K, 4096);
    for (long slot = 0; slot < layout.slotCount(); slot++) {
      int run = layout.contiguousSlots(slot);
      assertThat(run).isPositive();
      assertThat(layout.slotByteOffset(slot + run - 1) - layout.slotByteOffset(slot))
          .isEqualTo((run - 1) * 4096L);
      if (run > 1) {
        assertThat(layout.contiguousSlots(slot + 1)).isEqualTo(run - 1);
      }
    }
  }

  @Test
  void shouldRefuseABlockSizeThatIsNotAPowerOfTwo() {
    for (int blockSize : new int[] {0, -1, 256, 4095, 6144, 131072}) {
      assertThatThrownBy(() -> SpareLayout.of(16L * K * K, blockSize))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("block size");
    }
  }
}
