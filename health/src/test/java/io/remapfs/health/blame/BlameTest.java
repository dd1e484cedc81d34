package io.remapfs.health.blame;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

/** Partition tables made by hand, and names that a terminal must not see as they are. */
final class BlameTest {
  private static final int BLOCK = 4096;
  private static final int SIZE = 8 << 20;

  private final ByteBuffer disk = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);

  private List<Finding> ask(long[] lost, long... blocks) {
    DiskBytes.Source source =
        (byteOffset, into) -> {
          if (byteOffset + into.remaining() > SIZE) {
            throw new IOException("past the end");
          }
          into.put(disk.slice((int) byteOffset, into.remaining()));
        };
    DiskBytes bytes = DiskBytes.of(source, SIZE, lost, BLOCK, TimeUnit.SECONDS.toNanos(10));
    return Blame.of(bytes, blocks, BLOCK).findings();
  }

  private void entry(int at, int type, int start, int count) {
    disk.put(at + 4, (byte) type).putInt(at + 8, start).putInt(at + 12, count);
  }

  private void signature(int sectorAt) {
    disk.putShort(sectorAt + 510, (short) 0xAA55);
  }

  private void gpt(int headAt, int entriesSector) {
    disk.put(headAt, "EFI PART".getBytes(StandardCharsets.US_ASCII));
    disk.putLong(headAt + 24, headAt / 512).putLong(headAt + 72, entriesSector);
    disk.putInt(headAt + 80, 128).putInt(headAt + 84, 128);
    int entry = entriesSector * 512 + 128; // the second
    disk.putLong(entry, 7).putLong(entry + 32, 2048).putLong(entry + 40, 4095);
  }

  @Test
  void shouldFindLogicalPartitionsWhenOneIsExtended() {
    signature(0);
    entry(446, 0x83, 2048, 2048);
    entry(462, 0x05, 6144, 8192);
    signature(6144 * 512);
    entry(6144 * 512 + 446, 0x83, 16, 1000);
    entry(6144 * 512 + 462, 0x05, 2048, 2048);
    signature(8192 * 512);
    entry(8192 * 512 + 446, 0x83, 8, 1000);
    entry(8192 * 512 + 462, 0x05, 4096, 2048); // counts from the first, as the one above
    signature(10240 * 512);
    entry(10240 * 512 + 446, 0x83, 8, 1000);

    List<Finding> found = ask(new long[0], 0, 256, 770, 1025, 1026, 1281, 1500);

    assertThat(found)
        .extracting(Finding::byteOffset, Finding::partition, Finding::kind)
        .containsExactly(
            tuple(0, 0, Kind.PARTITION_TABLE),
            tuple(512, 0, Kind.BETWEEN_PARTITIONS),
            tuple(256 * BLOCK, 1, Kind.NO_FILE_SYSTEM),
            tuple(770 * BLOCK, 5, Kind.NO_FILE_SYSTEM),
            tuple(1025 * BLOCK, 6, Kind.NO_FILE_SYSTEM),
            tuple(1026 * BLOCK, 6, Kind.NO_FILE_SYSTEM),
            tuple(1281 * BLOCK, 7, Kind.NO_FILE_SYSTEM),
            tuple(1500 * BLOCK, 0, Kind.BETWEEN_PARTITIONS));
  }

  private static Tuple tuple(long byteOffset, int partition, Kind kind) {
    return Assertions.tuple(byteOffset, partition, kind);
  }

  @Test
  void shouldTakeTheCopyWhenTheFirstTableOfAGptIsLost() {
    gpt(SIZE - 512, SIZE / 512 - 33);

    List<Finding> found = ask(new long[] {0, 1, 2, 3, 4}, 1, 300, 600);

    assertThat(found)
        .extracting(Finding::byteOffset, Finding::partition, Finding::kind)
        .containsExactly(
            tuple(BLOCK, 0, Kind.PARTITION_TABLE),
            tuple(300 * BLOCK, 2, Kind.NO_FILE_SYSTEM),
            tuple(600 * BLOCK, 0, Kind.BETWEEN_PARTITIONS));
  }

  @Test
  void shouldNotSayThatThereIsNothingWhenTheBeginningIsLost() {
    assertThat(ask(new long[] {0}, 5))
        .singleElement()
        .satisfies(finding -> assertThat(finding.kind()).isEqualTo(Kind.UNTOLD))
        .satisfies(finding -> assertThat(finding.note()).contains("cannot be read"));
  }

  @Test
  void shouldEndWhenExtendedPartitionsLeadInACircle() {
    signature(0);
    entry(446, 0x05, 2048, 8192);
    signature(2048 * 512);
    entry(2048 * 512 + 446, 0x83, 8, 100);
    entry(2048 * 512 + 462, 0x05, 0, 8192);

    assertThat(ask(new long[0], 257).get(0).partition()).isEqualTo(5);
  }

  @Test
  void shouldShowNamesOnOneLineAndExactlyWhenTheyAreHostile() {
    assertThat(name("a b/c")).isEqualTo("a b/c");
    assertThat(name("\u00fc\u4e2d")).isEqualTo("\u00fc\u4e2d");
    assertThat(name("x\ny\u001b[2J\"\\")).isEqualTo("\"x\\ny\\x1b[2J\\\"\\\\\"");
    assertThat(name("right\u202eleft")).isEqualTo("\"right\\xe2\\x80\\xaeleft\"");
    assertThat(name(" ")).isEqualTo("\" \"");
    FileName latin = new FileName(new byte[] {'f', (byte) 0xfc, 'r'});
    assertThat(latin.shown()).isEqualTo("\"f\\xfcr\"");
    assertThat(latin.text()).isEmpty();
    assertThat(latin.hex()).isEqualTo("66fc72");
  }

  private static String name(String text) {
    return new FileName(text.getBytes(StandardCharsets.UTF_8)).shown();
  }
}
