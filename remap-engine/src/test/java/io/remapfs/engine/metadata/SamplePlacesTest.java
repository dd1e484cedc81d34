package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplePlacesTest {
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;
  private static final long SIZE = 1L << 30;

  private final Map<Long, byte[]> units = new HashMap<>();

  @Test
  void shouldLookWhereFileSystemsKeepTheirSuperblocks() {
    assertThat(places(SIZE, 4096))
        .contains(0L) // ext4's at 1 KiB, XFS, FAT, the MBR, GPT
        .contains(64 * KIB, 64 * MIB) // btrfs
        .contains(SIZE - 4096, SIZE - 5 * 4096) // GPT's copy, md 1.0
        .contains(SIZE - 64 * KIB); // md 0.9
  }

  @ParameterizedTest
  @ValueSource(ints = {4096, 8192, 65536})
  void shouldSpreadTheRestOverTheWholeDisk(int unitBytes) {
    long[] sorted = Arrays.stream(places(SIZE, unitBytes)).filter(at -> at >= 0).sorted().toArray();
    for (int i = 1; i < sorted.length; i++) {
      assertThat(sorted[i] - sorted[i - 1]).isLessThanOrEqualTo(SIZE / 39);
      assertThat(sorted[i] % unitBytes).isZero();
    }
    assertThat(sorted[sorted.length - 1]).isEqualTo(SIZE - unitBytes);
  }

  @Test
  void shouldLookIntoThePartitionsOfAnMbr() {
    ByteBuffer mbr = unit(0);
    mbr.putShort(510, (short) 0xAA55);
    mbr.putInt(446 + 8, (int) (100 * MIB / 512));
    mbr.putInt(446 + 16 + 8, (int) (333 * MIB / 512));

    assertThat(places(SIZE, 4096))
        .contains(100 * MIB, 100 * MIB + 64 * KIB, 333 * MIB, 333 * MIB + 64 * KIB);
  }

  @Test
  void shouldLookIntoThePartitionsOfAGpt() {
    ByteBuffer table = unit(0);
    table.putShort(510, (short) 0xAA55);
    gpt(table, 512);
    for (int i = 0; i < 10; i++) {
      table.putLong(1024 + 128 * i + 32, (10 + i) * MIB / 512);
    }

    assertThat(places(SIZE, 4096))
        .contains(10 * MIB, 17 * MIB, 17 * MIB + 64 * KIB)
        .as("eight of them")
        .doesNotContain(18 * MIB);
  }

  @Test
  void shouldLookIntoThePartitionsOfAGptOfLargeSectors() {
    unit(0).putShort(510, (short) 0xAA55);
    gpt(unit(4096), 0);
    unit(8192).putLong(32, 50 * MIB / 4096);

    assertThat(places(SIZE, 4096)).contains(50 * MIB, 50 * MIB + 64 * KIB);
  }

  @Test
  void shouldStayOnTheDiskWhenATableIsNonsense() {
    ByteBuffer table = unit(0);
    for (int at = 0; at < 4096; at++) {
      table.put(at, (byte) 0xFF);
    }
    table.putShort(510, (short) 0xAA55);
    gpt(table, 512);
    table.putLong(1024 + 32, Long.MAX_VALUE);
    table.putLong(1024 + 128 + 32, Long.MAX_VALUE / 512 - 1);

    assertThat(places(SIZE, 4096)).hasSize(SamplePlaces.COUNT);
  }

  @Test
  void shouldLookAtEachUnitWhenThereAreFew() {
    assertThat(places(3 * 4096, 4096)).contains(0L, 4096L, 8192L).doesNotContain(12288L);
  }

  private static void gpt(ByteBuffer table, int at) {
    table.put(at, "EFI PART".getBytes(StandardCharsets.US_ASCII));
  }

  private ByteBuffer unit(long byteOffset) {
    byte[] unit = units.computeIfAbsent(byteOffset, at -> new byte[4096]);
    return ByteBuffer.wrap(unit).order(ByteOrder.LITTLE_ENDIAN);
  }

  private long[] places(long sizeBytes, int unitBytes) {
    return SamplePlaces.of(sizeBytes, unitBytes, at -> units.getOrDefault(at, new byte[0]));
  }
}
