package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.ToldMap;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A scan of a disk that really fails finds what is wrong with it, and nothing else. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class ScanTest {
  private static final int BLOCK = 4096;
  private static final long SEED = 1;
  private static final Duration LONG = Duration.ofSeconds(50);

  /** The blocks of one batch of the scanner. */
  private static final long BATCH = Images.MIB / BLOCK;

  private static final String FAST = "1T";

  /** What is wrong with a disk: lines for it, and what a scan is to make of them. */
  private static final class Faults {
    private final StringBuilder lines = new StringBuilder();
    final TreeSet<Long> lost = new TreeSet<>();
    final TreeSet<Long> moved = new TreeSet<>();

    /** Blocks that no read yields. */
    Faults lost(long first, int count) {
      return add(first * BLOCK, count * BLOCK, "", lost);
    }

    /** A block of which one sector cannot be read. */
    Faults lostSector(long block, int sector) {
      return add(block * BLOCK + sector * 512L, 512, "", lost);
    }

    /** Blocks whose sectors read one by one. */
    Faults bySector(long first, int count) {
      return add(first * BLOCK, count * BLOCK, " over=512", moved);
    }

    /**
     * A block that reads in the end: the batch fails, its piece twice, four halves, the block, and
     * a retry; of a shorter piece there are fewer halves, and the retries or the sectors yield it.
     */
    Faults tired(long block) {
      return add(block * BLOCK, BLOCK, " times=8", moved);
    }

    private Faults add(long byteOffset, long lengthBytes, String options, TreeSet<Long> blocks) {
      lines.append(byteOffset + " " + lengthBytes + " r" + options + "\n");
      for (long at = byteOffset; at < byteOffset + lengthBytes; at += BLOCK) {
        if (blocks == lost || !lost.contains(at / BLOCK)) {
          blocks.add(at / BLOCK);
        }
      }
      return this;
    }

    void inflictOn(FailingDisk disk) {
      disk.faultsText(lines.toString());
    }
  }

  private static void start(Mounted mounted, String mode, String rate) {
    String there = mounted.mountPoint().toString();
    Mounted.remapfs("scan", "start", there, "--mode", mode, "--rate", rate, "--cpu", "100")
        .orFail();
  }

  private static void awaitEnd(Mounted mounted) {
    Await.until("the scan's end", LONG, () -> mounted.text("events").contains("SCAN_FINISHED"));
  }

  private static void awaitPosition(Mounted mounted, long byteOffset) {
    Await.until("the scan at " + byteOffset, LONG, () -> position(mounted) >= byteOffset);
  }

  private static long position(Mounted mounted) {
    return mounted.status().number("scan.positionBytes");
  }

  /** All that the mount tells agrees with the faults, block for block. */
  private static void assertTells(Mounted mounted, Faults faults) throws IOException {
    ToldMap told = ToldMap.of(mounted);
    assertThat(told.badblocks()).isEqualTo(faults.lost);
    assertThat(told.mapfile('-')).isEqualTo(faults.lost);
    assertThat(told.mapfile('?')).isEmpty();
    assertThat(told.cells('X')).isEqualTo(faults.lost);
    assertThat(told.cells('o')).isEqualTo(faults.moved);
    assertThat(told.surface("lost")).isEqualTo(faults.lost);
    assertThat(told.surface("moved")).isEqualTo(faults.moved);
    assertThat(told.events("PENDING")).isEqualTo(new ArrayList<>(faults.lost));
    assertThat(told.events("SALVAGED")).isEqualTo(new ArrayList<>(faults.moved));
    assertThat(told.events("REMAPPED")).isEmpty();
    assertThat(mounted.status().pending()).isEqualTo(faults.lost.size());
    assertThat(mounted.status().remapped()).isEqualTo(faults.moved.size());
    assertThat(mounted.status().salvaged()).isEqualTo(faults.moved.size());
    assertThat(mounted.status().number("scan.lost")).isEqualTo(faults.lost.size());
    assertThat(mounted.status().number("scan.salvaged")).isEqualTo(faults.moved.size());
    assertThat(mounted.status().number("scan.unscannedBytes")).isZero();
    assertThat(mounted.status().number("scan.skippedSteps")).isZero();
    assertThat(mounted.status().number("scan.faults")).isZero();
    assertThat(Mounted.remapfs("map", mounted.mountPoint().toString()).orFail().stdout())
        .contains(faults.lost.size() + " lost, " + faults.moved.size() + " moved");
  }

  @Test
  void shouldFindEveryBadRangeAndSaveWhatItCanAlsoOfThoseThatComeMeanwhile(Workbench bench)
      throws IOException {
    long size = 32 * Images.MIB; // A cell of the picture is a block.
    long last = size / BLOCK - 1;
    FailingDisk disk = bench.filledFailingDisk("disk", size, SEED);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    Faults faults =
        new Faults()
            .lost(0, 1)
            .lostSector(5, 3)
            .bySector(9, 1)
            .lost(700, 3)
            .lost(4 * BATCH - 4, 9)
            .bySector(1500, 4)
            .tired(2000)
            .lostSector(3000, 7)
            .bySector(3000, 2)
            .lost(4095, 2)
            .bySector(last - 1, 1)
            .lost(last, 1);
    faults.inflictOn(disk);

    start(mounted, "full", "6M");
    awaitPosition(mounted, Images.MIB);
    faults.lost(5000, 1).lost(5100, 4).bySector(6000, 2).tired(6500).lost(28 * BATCH - 1, 2);
    faults.inflictOn(disk);
    assertThat(position(mounted)).as("the disk got worse too late").isLessThan(5000L * BLOCK);
    awaitEnd(mounted);

    assertTells(mounted, faults);
    assertThat(mounted.status().number("io.reads")).as("users' reads").isZero();
    // What was saved is read from the spare: its own place yields nothing any more.
    Faults worse = new Faults();
    faults.moved.forEach(block -> worse.lost(block, 1));
    faults.lost.forEach(block -> worse.lost(block, 1));
    worse.inflictOn(disk);
    for (long block = 0; block <= last; ) {
      if (faults.lost.contains(block)) {
        assertReadFails(mounted, block * BLOCK, BLOCK);
        block++;
      } else {
        Long next = faults.lost.ceiling(block);
        long end = Math.min(block + BATCH, next == null ? last + 1 : next);
        assertPattern(mounted, SEED, block * BLOCK, (int) (end - block) * BLOCK);
        block = end;
      }
    }
  }

  @Test
  void shouldReportNothingWhenTheDiskHasNoFault(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", 32 * Images.MIB));
    assertThat(ToldMap.of(mounted).mapfile('?')).hasSize(8192);

    start(mounted, "full", FAST);
    awaitEnd(mounted);

    assertTells(mounted, new Faults());
    assertThat(mounted.status().state()).isEqualTo("HEALTHY");
    assertThat(ToldMap.of(mounted).cells('+')).hasSize(8192);
    assertThat(mounted.text("events").lines()).hasSize(2);
  }

  /**
   * Each kill meets a step that hangs, so that the place is known to the byte. The first successor
   * must not go back by more than a batch: each batch before that has a bad block now. The second
   * must leave nothing out: the first block of the step that was under way is bad now, and so far
   * from the other bad ones that it is not found as their neighbour.
   */
  @Test
  void shouldGoOnWhereItWasWhenKilled(Workbench bench) throws IOException {
    long size = 32 * Images.MIB;
    long firstStop = 4 * Images.MIB;
    long secondStop = 7 * Images.MIB;
    FailingDisk disk = bench.filledFailingDisk("disk", size, SEED);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    String[] options = {"--spare=" + spare, "--health=" + bench.path("disk.health")};
    Mounted first = bench.mountFormatted(disk.image(), spare, BLOCK, options[1]);
    disk.faultsText(stall(firstStop));
    start(first, "full", FAST);
    awaitPosition(first, firstStop);
    first.kill9();
    first.close();

    Faults behind = new Faults();
    LongStream.range(1, firstStop / Images.MIB).forEach(each -> behind.lost(each * BATCH - 1, 1));
    disk.faultsText(behind.lines + stall(secondStop));
    Mounted second = bench.mount(disk.image(), options);
    awaitPosition(second, secondStop);
    assertThat(second.status().pending()).as("blocks read again").isZero();
    assertThat(second.text("badblocks")).isEmpty();
    second.kill9();
    second.close();

    long at = secondStop / BLOCK;
    Faults faults = new Faults().lost(at, 1);
    LongStream.range(24, 32).forEach(each -> faults.lost(each * BATCH + each, 1));
    faults.bySector(size / BLOCK - 1, 1).inflictOn(disk);
    Mounted third = bench.mount(disk.image(), options);
    awaitEnd(third);

    assertTells(third, faults);
    assertThat(third.status().number("scan.tour")).isEqualTo(1);
  }

  /** A batch that takes longer than a kill. */
  private static String stall(long byteOffset) {
    return byteOffset + " 1M r errno=none delay=3s\n";
  }

  @Test
  void shouldReadTheNeighboursFirstWhenAUsersReadFails(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", 64 * Images.MIB, SEED);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    // The way to there would take more than half a minute.
    long block = 48 * BATCH;
    new Faults().lost(block - 14, 1).lost(block, 1).lost(block + 200, 1).inflictOn(disk);
    start(mounted, "full", "1M");
    awaitPosition(mounted, 1);

    assertReadFails(mounted, block * BLOCK, BLOCK);
    Await.until("its neighbours found", () -> mounted.status().pending() == 3);

    // The nearer one first, though both lie within what is read around the error.
    assertThat(ToldMap.of(mounted).eventsInOrder("PENDING"))
        .isEqualTo(List.of(block, block - 14, block + 200));
    assertThat(position(mounted)).isLessThan(40 * Images.MIB);
    assertThat(mounted.status().number("scan.lost")).isEqualTo(2);
  }

  @Test
  void shouldReadAroundBadBlocksOnlyWhenAskedForNeighbours(Workbench bench) throws IOException {
    long region = 16 * BATCH;
    FailingDisk disk = bench.filledFailingDisk("disk", 96 * Images.MIB, SEED);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    // What is found bad at the far ends lies further from the bad blocks outside than is read
    // around an error.
    Faults around = new Faults();
    around.lost(2 * region, 1).lost(3 * region + 7, 1).lost(5 * region - 100, 1);
    TreeSet<Long> found = new TreeSet<>(around.lost);
    around.lost(0, 1).lost(6 * region - 1, 1).inflictOn(disk);
    assertReadFails(mounted, (3 * region + 7) * BLOCK, BLOCK);

    start(mounted, "neighbours", FAST);
    awaitEnd(mounted);

    ToldMap told = ToldMap.of(mounted);
    assertThat(told.badblocks()).isEqualTo(found);
    TreeSet<Long> unread = new TreeSet<>();
    LongStream.range(0, 6 * region).forEach(unread::add);
    assertThat(told.mapfile('+')).contains(2 * region + 1, 5 * region - 2);
    unread.removeAll(told.mapfile('+'));
    unread.removeAll(found);
    assertThat(told.mapfile('?')).isEqualTo(unread).contains(1L, 6 * region - 2);
  }
}
