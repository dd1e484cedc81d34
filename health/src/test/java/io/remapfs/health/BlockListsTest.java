package io.remapfs.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockListsTest {
  private static final BlockRangeList ALL = BlockRangeList.all(Long.MAX_VALUE);

  private static final int BLOCK = 4096;

  private final RemapTable table = new RemapTable(100);

  private String mapfile() {
    return new String(
        Mapfile.render(100L * BLOCK, BLOCK, "1.0", table::forEach, ALL), StandardCharsets.US_ASCII);
  }

  private String runs() {
    return mapfile().substring(mapfile().indexOf("status\n") + "status\n".length());
  }

  @Test
  void shouldListOnlyLostBlocksWhenSomeAreMoved() {
    table.put(3, Target.pending(Target.NO_SLOT));
    table.put(4, Target.remapped(0));
    table.put(99, Target.pending(7));
    assertThat(new String(BadBlocks.render(table::forEach), StandardCharsets.US_ASCII))
        .isEqualTo("3\n99\n");
  }

  @Test
  void shouldBeEmptyWhenNothingIsLost() {
    assertThat(BadBlocks.render(table::forEach)).isEmpty();
  }

  @Test
  void shouldMapOneUnknownRunWhenNoBlockHasAnEntry() {
    assertThat(runs()).isEqualTo("0x00000000  0x00064000  ?\n");
  }

  @Test
  void shouldJoinNeighboursOfOneStatus() {
    table.put(0, Target.remapped(9));
    table.put(1, Target.remapped(2));
    table.put(2, Target.pending(Target.NO_SLOT));
    table.put(5, Target.pending(Target.NO_SLOT));
    table.put(99, Target.remapped(0));
    assertThat(runs())
        .isEqualTo(
            """
            0x00000000  0x00002000  +
            0x00002000  0x00001000  -
            0x00003000  0x00002000  ?
            0x00005000  0x00001000  -
            0x00006000  0x0005D000  ?
            0x00063000  0x00001000  +
            """);
  }

  @Test
  void shouldCoverTheWholeImageWhenRunsOverflow() {
    long blocks = 3L * Mapfile.MAX_RUNS;
    RemapTable large = new RemapTable(blocks);
    for (long i = 0; i < blocks; i += 2) {
      large.put(i, Target.pending(Target.NO_SLOT));
    }
    String map =
        new String(
            Mapfile.render(blocks * BLOCK, BLOCK, "1.0", large::forEach, ALL),
            StandardCharsets.US_ASCII);
    long[] covered = {0};
    map.lines()
        .filter(line -> line.startsWith("0x"))
        .skip(1)
        .forEach(
            line -> {
              String[] columns = line.split(" +", -1);
              assertThat(Long.decode(columns[0])).isEqualTo(covered[0]);
              covered[0] += Long.decode(columns[1]);
            });
    assertThat(covered[0]).isEqualTo(blocks * BLOCK);
    assertThat(map).endsWith("?\n");
  }

  @Test
  void shouldBeReadByDdrescuelogWhenInstalled(@TempDir Path directory) throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/ddrescuelog")), "ddrescuelog is not installed");
    table.put(2, Target.pending(Target.NO_SLOT));
    table.put(3, Target.remapped(1));
    Path file = directory.resolve("mapfile");
    Files.writeString(file, mapfile());
    Process process =
        new ProcessBuilder("/usr/bin/ddrescuelog", "-b4096", "--list-blocks=-", file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).isEqualTo("2\n");
  }

  @Test
  void shouldSayThatWhatAScanHasReadReads() {
    RemapTable table = new RemapTable(100);
    table.put(10, Target.pending(Target.NO_SLOT));
    table.put(60, Target.remapped(3));
    table.put(70, Target.pending(Target.NO_SLOT));
    BlockRangeList unscanned =
        visitor -> {
          visitor.visit(20, 30);
          visitor.visit(65, 100);
        };
    String map =
        new String(
            Mapfile.render(100L * BLOCK, BLOCK, "1.0", table::forEach, unscanned),
            StandardCharsets.US_ASCII);
    List<String> runs =
        map.lines().filter(line -> line.matches("0x.*  0x.*")).map(BlockListsTest::run).toList();
    assertThat(runs)
        .containsExactly(
            "0+10 +", "10+1 -", "11+9 +", "20+10 ?", "30+35 +", "65+5 ?", "70+1 -", "71+29 ?");
  }

  private static String run(String line) {
    String[] words = line.split(" +", -1);
    return Long.decode(words[0]) / BLOCK + "+" + Long.decode(words[1]) / BLOCK + " " + words[2];
  }
}
