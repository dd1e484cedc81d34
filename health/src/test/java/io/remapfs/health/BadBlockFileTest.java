package io.remapfs.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.BlockRun;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import io.remapfs.health.BadBlockFile.Format;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reading lists of bad blocks: every form that counts, and every line that is refused. */
final class BadBlockFileTest {
  private static final BlockRangeList ALL = BlockRangeList.all(Long.MAX_VALUE);

  private static final int BLOCK = 4096;
  private static final long BLOCKS = 100;
  private static final String HEAD = "# Mapfile.\n0x0 ? 1\n";

  private long outside;

  private List<BlockRun> read(BadBlockFile how, String text)
      throws IOException, ListSyntaxException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    BadBlockFile detected = how.detected(new ByteArrayInputStream(bytes), "list");
    List<BlockRun> runs = new ArrayList<>();
    BlockRuns<RuntimeException> blocks = new BlockRuns<>(BLOCK, BLOCKS, runs::add);
    detected.read(new ByteArrayInputStream(bytes), "list", blocks);
    blocks.finish();
    outside = blocks.outsideBlocks();
    return runs;
  }

  private List<BlockRun> read(String text) throws IOException, ListSyntaxException {
    return read(new BadBlockFile(Format.AUTO, 0, MapfileStatus.CERTAINLY_BAD), text);
  }

  private List<BlockRun> readUnits(long unit, String text) throws IOException, ListSyntaxException {
    return read(new BadBlockFile(Format.BADBLOCKS, unit, Set.of()), text);
  }

  private void refused(String text, String... mentioned) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ListSyntaxException.class)
        .message()
        .contains(mentioned)
        .doesNotContain("\n");
  }

  @Test
  void shouldTakeOnlyWhatIsCertainlyBadFromAMapfile() throws Exception {
    assertThat(read(HEAD + "0 4096 +\n4096 4096 -\n8192 4096 ?\n12288 4096 *\n16384 4096 /\n"))
        .containsExactly(new BlockRun(1, 1));
  }

  @Test
  void shouldTakeWhatFailedAsWellWhenAsked() throws Exception {
    String map = HEAD + "0 4096 +\n4096 4096 -\n8192 4096 ?\n12288 4096 *\n16384 4096 /\n";
    assertThat(read(new BadBlockFile(Format.MAPFILE, 0, MapfileStatus.FAILED), map))
        .containsExactly(new BlockRun(1, 1), new BlockRun(3, 2));
  }

  @ParameterizedTest
  @CsvSource({"0x2000,0x1000", "8192,4096", "020000,010000", "0X2000,4096", "0x2fff,0x1"})
  void shouldReadNumbersAsCDoes(String position, String size) throws Exception {
    assertThat(read(HEAD + position + " " + size + " -\n")).containsExactly(new BlockRun(2, 1));
  }

  @Test
  void shouldTakeABlockOfWhichAnyByteIsBad() throws Exception {
    assertThat(read(HEAD + "0x1FFF 0x2 -\n")).containsExactly(new BlockRun(1, 2));
  }

  @Test
  void shouldTakeABlockOnceWhenSeveralOfItsSectorsAreBad() throws Exception {
    assertThat(read(HEAD + "0x000 0x200 -\n0x400 0x200 -\n0x1200 0x200 -\n0x5000 0x200 -\n"))
        .containsExactly(new BlockRun(0, 2), new BlockRun(5, 1));
  }

  @Test
  void shouldTakeRunsInAnyOrderAndOverlapping() throws Exception {
    assertThat(read(HEAD + "0x8000 0x2000 -\n0x1000 0x3000 -\n0x2000 0x4000 -\n0x2000 0x1000 +\n"))
        .containsExactly(new BlockRun(8, 2), new BlockRun(1, 5));
  }

  @Test
  void shouldCountWhatLiesBehindTheEnd() throws Exception {
    assertThat(read(HEAD + "0x62000 0x4000 -\n0x100000 0x1000 -\n"))
        .containsExactly(new BlockRun(98, 2));
    assertThat(outside).isEqualTo(3);
  }

  @Test
  void shouldCountNoFurtherThanALongWhenAllOfItLiesBehindTheEnd() throws Exception {
    String huge = "0x7000000 -1 -\n0x1000000 0x1000 -\n";
    assertThat(
            read(
                new BadBlockFile(Format.MAPFILE, 0, MapfileStatus.CERTAINLY_BAD),
                HEAD + huge.repeat(5000)))
        .isEmpty();
    assertThat(outside).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldTakeASizeOfMinusOneForTheRest() throws Exception {
    assertThat(read(HEAD + "0x62000 -1 -\n")).containsExactly(new BlockRun(98, 2));
  }

  @Test
  void shouldReadAnOlderMapfileAndOneWithWindowsLineEnds() throws Exception {
    assertThat(read("0x0 +\r\n0x1000\t0x1000   -\r\n\r\n")).containsExactly(new BlockRun(1, 1));
  }

  @Test
  void shouldReadALongCommentAndALastLineWithoutItsEnd() throws Exception {
    assertThat(read("# Mapfile. " + "x".repeat(100_000) + "\n0 F 12\n0x1000 0x1000 -"))
        .containsExactly(new BlockRun(1, 1));
  }

  @Test
  void shouldSayWhichLineOfAMapfileIsWrong() {
    refused(HEAD + "0 4096 +\n0x1000 0x1000\n", "list, line 4", "position, size, status");
    refused(HEAD + "0 4096 x\n", "line 3", "'x'", "? * / - +");
    refused(HEAD + "0 4096 --\n", "line 3", "'--'");
    refused(HEAD + "0x 4096 -\n", "'0x'", "position");
    refused(HEAD + "08 4096 -\n", "'08'", "position");
    refused(HEAD + "-5 4096 -\n", "'-5'", "position");
    refused(HEAD + "0 -2 -\n", "'-2'", "size");
    refused(HEAD + "0 9223372036854775808 -\n", "line 3", "size");
    refused(HEAD + "2 9223372036854775806 -\n", "line 3", "larger than any disk");
    refused(HEAD + "0 1 - 5 6\n", "line 3", "too many words");
    refused("0x0 0x1000 -\n", "line 1", "begins with a position");
    refused("0x0 ? one\n", "line 1", "'one'", "pass");
    refused("# Mapfile. but nothing else\n", "no ddrescue mapfile");
    refused(HEAD + "0 " + "1".repeat(300) + " -\n", "line 3", "200 characters");
    refused(HEAD + "\u00b2 1 -\n", "line 3", "plain text");
    refused("\u007fELF\u0002\u0001", "line 1", "plain text");
  }

  @Test
  void shouldReadNumbersInTheUnitThatIsNamed() throws Exception {
    assertThat(readUnits(1024, "3\n4\n20\n"))
        .containsExactly(new BlockRun(0, 2), new BlockRun(5, 1));
    assertThat(readUnits(8192, "3\n")).containsExactly(new BlockRun(6, 2));
    assertThat(readUnits(4096, " 7 \n\n100\n")).containsExactly(new BlockRun(7, 1));
    assertThat(outside).isEqualTo(1);
  }

  @Test
  void shouldReadTheUnitThatTheListTells() throws Exception {
    assertThat(read(BadBlocks.unitComment(512) + "# something else\n8\n"))
        .containsExactly(new BlockRun(1, 1));
  }

  @Test
  void shouldAskForTheUnitWhenNobodyTellsIt() {
    refused("5\n", "line 1", "--unit");
    refused("# remapfs bad blocks, unit: 9999999999\n5\n", "line 2", "--unit");
  }

  @Test
  void shouldRefuseAUnitThatIsNotTheLists() {
    assertThatThrownBy(() -> readUnits(1024, BadBlocks.unitComment(4096) + "8\n"))
        .hasMessageContaining("4096 bytes each, not 1024");
  }

  @Test
  void shouldFindNothingInAnEmptyList() throws Exception {
    assertThat(read("")).isEmpty();
    assertThat(read("\n \n")).isEmpty();
  }

  @Test
  void shouldSayWhichNumberOfAListIsWrong() {
    assertThatThrownBy(() -> readUnits(1024, "1\n2 3\n")).hasMessageContaining("list, line 2");
    assertThatThrownBy(() -> readUnits(1024, "1\n0x10\n"))
        .hasMessageContaining("line 2")
        .hasMessageContaining("'0x10'");
    assertThatThrownBy(() -> readUnits(1024, "-3\n")).hasMessageContaining("'-3'");
    assertThatThrownBy(() -> readUnits(1024, "9223372036854775807\n"))
        .hasMessageContaining("end of any disk");
  }

  @ParameterizedTest
  @CsvSource({"MAPFILE", "BADBLOCKS"})
  void shouldReadBackWhatIsWritten(Format format) throws Exception {
    RemapTable table = new RemapTable(BLOCKS);
    for (long block : new long[] {0, 7, 8, 50, 99}) {
      table.put(block, Target.pending(Target.NO_SLOT));
    }
    table.put(9, Target.remapped(3));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (format == Format.MAPFILE) {
      Mapfile.write(out, BLOCKS * BLOCK, BLOCK, "1.0", table::forEach, ALL);
    } else {
      BadBlocks.write(out, BLOCK, table::forEach);
    }
    assertThat(read(out.toString(StandardCharsets.US_ASCII)))
        .containsExactly(
            new BlockRun(0, 1), new BlockRun(7, 2), new BlockRun(50, 1), new BlockRun(99, 1));
  }

  @Test
  void shouldWriteEveryRunWhenThereAreMoreThanAMountedDiskShows() throws Exception {
    long blocks = 3L * Mapfile.MAX_RUNS;
    RemapTable large = new RemapTable(blocks);
    for (long i = 0; i < blocks; i += 2) {
      large.put(i, Target.pending(Target.NO_SLOT));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Mapfile.write(out, blocks * BLOCK, BLOCK, "1.0", large::forEach, ALL);
    long[] found = {0};
    new BadBlockFile(Format.MAPFILE, 0, MapfileStatus.CERTAINLY_BAD)
        .read(new ByteArrayInputStream(out.toByteArray()), "list", (at, length) -> found[0]++);
    assertThat(found[0]).isEqualTo(blocks / 2);
  }

  @Test
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void shouldReadMillionsOfLinesWithLittleMemory() throws Exception {
    long lines = 2_000_000;
    long[] bad = {0};
    long before = allocatedBytes();
    new BadBlockFile(Format.MAPFILE, 0, MapfileStatus.CERTAINLY_BAD)
        .read(new Endless(HEAD, "0x1000 0x200 -\n", lines), "list", (at, length) -> bad[0]++);
    assertThat(bad[0]).isEqualTo(lines);
    assertThat(allocatedBytes() - before).isLessThan(1 << 20);
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  /** A head, and one line many times. */
  private static final class Endless extends InputStream {
    private final byte[] line;
    private byte[] now;
    private int at;
    private long left;

    Endless(String head, String line, long times) {
      this.now = head.getBytes(StandardCharsets.US_ASCII);
      this.line = line.getBytes(StandardCharsets.US_ASCII);
      this.left = times;
    }

    @Override
    public int read() {
      if (at == now.length) {
        if (left-- <= 0) {
          return -1;
        }
        now = line;
        at = 0;
      }
      return now[at++];
    }
  }
}
