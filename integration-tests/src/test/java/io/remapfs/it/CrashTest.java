package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.FioRegion;
import io.remapfs.it.harness.GenerationWriter;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * {@code kill -9} at random moments under write load, while more and more of the disk goes bad.
 * After each, every block of the load is checked against what was acknowledged, and what fio had
 * written and flushed is verified by fio.
 *
 * <p>{@code -Dremapfs.crash.cycles=200} is the long form; {@code -Dremapfs.it.seed} chooses another
 * run.
 */
@Tag("integration")
@Timeout(value = 3600, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class CrashTest {
  private static final int CYCLES = Integer.getInteger("remapfs.crash.cycles", 40);

  /** In turn; without uring where it cannot be switched on, which LifecycleTest says. */
  private static final List<String> SESSIONS =
      Mounted.canServeByUring() ? List.of("threads", "uring", "ring") : List.of("threads", "ring");

  private static final long SEED = Long.getLong("remapfs.it.seed", System.nanoTime());
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 1024;

  /** Blocks of one run of bad ones; a run more goes bad in each cycle. */
  private static final int RUN = 4;

  /** Behind the blocks that {@link GenerationWriter} writes. */
  private static final long FIO_OFFSET = 8 * Images.MIB;

  private static final long FIO_LENGTH = 2 * Images.MIB;

  @Test
  void shouldKeepEveryAcknowledgedWriteWhenKilledAtAnyMoment(Workbench bench) throws Exception {
    Random random = new Random(SEED);
    FailingDisk disk = bench.failingDisk("disk", 16 * Images.MIB);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Path mountPoint = bench.folder("mount");
    Mounted.remapfs("format", "--spare", spare.toString(), disk.image().toString()).orFail();
    GenerationWriter writer = new GenerationWriter(BLOCK, BLOCKS);
    FioRegion fio = new FioRegion(FIO_OFFSET, FIO_LENGTH, bench.folder());
    List<Fault> faults = new ArrayList<>();
    long remapped = 0;

    for (int cycle = 0; cycle < CYCLES; cycle++) {
      String where = "seed " + SEED + " cycle " + cycle;
      Mounted mounted =
          bench.keep(
              Mounted.mount(
                  disk.image(),
                  mountPoint,
                  "--clear-stale",
                  "--spare",
                  spare.toString(),
                  "--session=" + SESSIONS.get(cycle % SESSIONS.size())));
      verify(writer, mounted, where);
      if (cycle > 0) {
        verify(fio, mounted, cycle - 1);
      }
      // A remap is counted once it is published, which is before the write it serves is
      // acknowledged.
      assertThat(mounted.status().remapped()).as(where).isGreaterThanOrEqualTo(remapped);
      assertThat(mounted.status().pending()).as(where).isZero();

      // fio's writes meet blocks that went bad before them, the load's also those that do under it.
      faults.add(badForFio(random));
      disk.faults(faults.toArray(Fault[]::new));
      fio.write(mounted.image(), cycle);
      faults.add(badForLoad(random, cycle));
      writer.start(mounted.image(), SEED + cycle);
      int flushesBefore = writer.flushes();
      Await.until("a flush under load", () -> writer.flushes() > flushesBefore);
      disk.faults(faults.toArray(Fault[]::new));
      long killAtNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(400));
      Await.until("the moment to kill", () -> System.nanoTime() >= killAtNanos);
      remapped = mounted.status().remapped();
      mounted.kill9();
      writer.join();
    }

    Mounted last =
        bench.keep(
            Mounted.mount(disk.image(), mountPoint, "--clear-stale", "--spare", spare.toString()));
    verify(writer, last, "seed " + SEED + " at the end");
    assertThat(last.status().remapped()).isPositive();
    verify(fio, last, CYCLES - 1);
    System.out.printf(
        "kill -9: %d cycles with seed %d, each followed by a check of every acknowledged write and"
            + " by fio's verify; %d blocks moved%n",
        CYCLES, SEED, last.status().remapped());
    last.umount().orFail();
    Mounted.remapfs("check", spare.toString()).orFail();
  }

  /**
   * Bad for writing, or to be read sector by sector: nothing is lost, so every block is checked.
   */
  private static Fault badForLoad(Random random, int cycle) {
    // Runs do not overlap: every 16 blocks one, at a place of its own within.
    long firstBad = (cycle * 16L + random.nextInt(12)) % BLOCKS;
    return random.nextBoolean()
        ? Fault.write(firstBad * BLOCK, RUN * BLOCK)
        : Fault.salvageable(firstBad * BLOCK, RUN * BLOCK);
  }

  private static Fault badForFio(Random random) {
    long firstBad = random.nextInt((int) (FIO_LENGTH / BLOCK) - RUN);
    return Fault.write(FIO_OFFSET + firstBad * BLOCK, RUN * BLOCK);
  }

  private static void verify(FioRegion fio, Mounted mounted, int writtenInCycle) {
    Shell.Result result = fio.verify(mounted.image(), writtenInCycle);
    assertThat(result.exitCode())
        .as("seed %s, after cycle %s: %s", SEED, writtenInCycle, result)
        .isZero();
  }

  private static void verify(GenerationWriter writer, Mounted mounted, String where)
      throws IOException {
    try {
      writer.verify(mounted.image());
    } catch (AssertionError | IOException e) {
      throw new AssertionError(where, e);
    }
  }
}
