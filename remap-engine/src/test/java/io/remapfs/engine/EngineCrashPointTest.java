package io.remapfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineHistory.Bounds;
import io.remapfs.engine.EngineHistory.Script;
import io.remapfs.engine.EngineHistory.Visited;
import io.remapfs.engine.EngineOptions.PendingWrite;
import io.remapfs.engine.EngineOptions.Unreadable;
import io.remapfs.engine.device.CrashableDevice.Landing;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.spare.SpareLayout;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every crash point of a whole engine: short histories, with the power cut before every device
 * operation, in every way that the unflushed writes allow (bounded at each point, complete where
 * these are few). What must hold is {@link RecoveredImage}'s.
 *
 * <p>A point that has no more than {@code -Dremapfs.crash.whole} states is visited in every one of
 * them, any other in about {@code -Dremapfs.crash.bound}; {@code -Dremapfs.crash.seed} chooses
 * others of these. {@code -Dremapfs.crash.goOnEvery=1} follows each state further, {@code
 * -Dremapfs.crash.againEvery=1} cuts the recovery from each as well.
 */
@Tag("slow")
final class EngineCrashPointTest {
  private static final int ALWAYS = Integer.MAX_VALUE;
  private static final Bounds BOUNDS =
      new Bounds(
          Integer.getInteger("remapfs.crash.whole", 4096),
          Integer.getInteger("remapfs.crash.bound", 400),
          Long.getLong("remapfs.crash.seed", 1));
  private static final int BLOCK_BYTES = 1024;
  private static final SpareLayout SMALL = EngineHistory.smallSpare(BLOCK_BYTES);
  private static final List<Visited> ALL = new ArrayList<>();

  @Test
  void shouldKeepABlockThatMovedBecauseItCouldNotBeWritten() throws IOException {
    Script script =
        image -> {
          image.writeBlocks(2, 4);
          image.flush();
          image.failBacking(Operation.WRITE, 3, 1, ALWAYS);
          image.writeBlocks(2, 4);
          image.write(3 * image.sectorsPerBlock(), 1);
          image.failBacking(Operation.WRITE, 8, 1, ALWAYS);
          image.write(8 * image.sectorsPerBlock(), 1);
          image.flush();
          image.writeBlocks(3, 1);
          image.readBlocks(0, EngineHistory.BLOCKS);
        };
    visit("moved by a write", script);
    visit(
        "moved by a write, blocks of 512 bytes",
        EngineHistory.smallSpare(512),
        options(PendingWrite.RELOCATE),
        script);
    visit(
        "moved by a write, blocks of 4 KiB",
        EngineHistory.smallSpare(4096),
        options(PendingWrite.RELOCATE),
        script);
  }

  @Test
  void shouldKeepABlockThatWasSalvagedByARead() throws IOException {
    visit(
        "salvaged by a read",
        image -> {
          image.writeBlocks(4, 3);
          image.failBacking(Operation.READ, 5, 1, 3);
          image.readBlocks(4, 3);
          image.writeBlocks(5, 1);
          image.flush();
          image.failBacking(Operation.READ, 9, 1, 2);
          image.readBlocks(9, 1);
          image.writeBlocks(4, 6);
          image.readBlocks(4, 6);
        });
  }

  @Test
  void shouldNeverReadALostBlockAsSomethingOlder() throws IOException {
    Script script =
        image -> {
          image.writeBlocks(6, 3);
          image.failBacking(Operation.READ, 7, 1, ALWAYS);
          image.readLostBlocks(6, 3);
          image.flush();
          image.writeBlocks(7, 1);
          image.flush();
          image.failSlotOf(7, Operation.READ);
          image.readLostBlocks(7, 1);
          image.writeBlocks(6, 2);
          image.readBlocks(6, 3);
        };
    visit("lost and written again", script);
    visit(
        "lost, blocks of 512 bytes",
        EngineHistory.smallSpare(512),
        options(PendingWrite.RELOCATE),
        script);
  }

  @Test
  void shouldKeepABlockWhoseSlotsFail() throws IOException {
    visit(
        "slots fail",
        image -> {
          image.failBacking(Operation.WRITE, 3, 2, ALWAYS);
          image.writeBlocks(3, 2);
          image.failSlotOf(3, Operation.WRITE);
          image.write(3 * image.sectorsPerBlock(), 1);
          image.failSlotOf(4, Operation.WRITE);
          image.failNextSlot(0, Operation.WRITE);
          image.failNextSlot(1, Operation.READ);
          image.writeBlocks(3, 2);
          image.flush();
          image.failSlotOf(3, Operation.READ);
          image.readLostBlocks(3, 1);
          image.readBlocks(4, 1);
        });
  }

  @Test
  void shouldKeepAGroupOfBlocksWholeOrNotAtAll() throws IOException {
    visit(
        "group commit",
        image -> {
          image.writeBlocks(0, 12);
          image.failBacking(Operation.WRITE, 2, 3, ALWAYS);
          image.failBacking(Operation.WRITE, 7, 2, ALWAYS);
          image.failNextSlot(1, Operation.WRITE);
          image.writeBlocks(1, 10);
          image.failBacking(Operation.READ, 12, 2, ALWAYS);
          image.readLostBlocks(10, 5);
          image.flush();
          image.writeBlocks(0, 16);
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepAllWhenTheJournalWraps() throws IOException {
    visit(
        "checkpoint and wrap",
        image -> {
          image.failBacking(Operation.WRITE, 0, 9, ALWAYS);
          image.writeBlocks(0, 1);
          image.writeBlocks(1, 1);
          image.checkpoint();
          for (int block = 2; block < 9; block++) {
            image.writeBlocks(block, 1);
          }
          image.writeBlocks(0, 12);
          image.flush();
        });
  }

  @Test
  void shouldKeepAllAcrossCleanUnmounts() throws IOException {
    visit(
        "clean unmounts",
        image -> {
          image.failBacking(Operation.WRITE, 1, 2, ALWAYS);
          image.writeBlocks(0, 4);
          image.closeCleanly();
          image.open();
          image.writeBlocks(0, 2);
          image.failBacking(Operation.WRITE, 5, 1, ALWAYS);
          image.writeBlocks(5, 1);
          image.closeCleanly();
          image.open();
          image.writeBlocks(4, 3);
          image.closeCleanly();
        });
  }

  @Test
  void shouldKeepAllWhenDamagedCopiesAreRepaired() throws IOException {
    visit(
        "repair",
        image -> {
          SpareLayout layout = image.layout();
          int metadataBlock = SpareLayout.METADATA_BLOCK_BYTES;
          image.failBacking(Operation.WRITE, 1, 3, ALWAYS);
          image.writeBlocks(0, 4);
          image.kill();
          image.corrupt(layout.ringOffset(0), layout.ringBlocks() * metadataBlock);
          image.corrupt(layout.superblockOffset(1), metadataBlock);
          image.corrupt(layout.checkpointOffset(2, 0, 0), metadataBlock);
          image.open();
          image.writeBlocks(2, 1);
          image.closeCleanly();
          image.corrupt(layout.superblockOffset(0), metadataBlock);
          image.corrupt(layout.superblockOffset(2), metadataBlock);
          image.open();
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldBeTheOldSetOrNoneOrTheNewOneWhenFormattedAgain() throws IOException {
    visit(
        "format",
        image -> {
          image.failBacking(Operation.WRITE, 1, 2, ALWAYS);
          image.writeBlocks(0, 4);
          image.closeCleanly();
          image.format();
          image.open();
          image.writeBlocks(1, 1);
          image.flush();
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepAllWhenRecoveryIsCutToo() throws IOException {
    visit(
        "one power cut after another",
        image -> {
          image.failBacking(Operation.WRITE, 1, 4, ALWAYS);
          image.writeBlocks(0, 3);
          image.cutPower(true);
          image.open();
          image.writeBlocks(2, 2);
          image.cutPower(false);
          image.open();
          image.writeBlocks(4, 1);
          image.kill();
          image.open();
          image.writeBlocks(0, 6);
          image.flush();
        });
  }

  @Test
  void shouldKeepZerosWhereverTheyWereWritten() throws IOException {
    visit(
        "zeros",
        image -> {
          int sectors = image.sectorsPerBlock();
          image.failBacking(Operation.WRITE, 3, 1, ALWAYS);
          image.writeBlocks(2, 6);
          image.failBacking(Operation.READ, 6, 1, ALWAYS);
          image.readLostBlocks(6, 1);
          image.zero(2 * sectors + 1, 6 * sectors);
          image.flush();
          image.writeBlocks(3, 1);
          image.zero(3 * sectors, sectors);
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepABlockThatWasRewrittenInPlace() throws IOException {
    visit(
        "rewritten in place",
        SMALL,
        options(PendingWrite.REWRITE),
        image -> {
          image.failBacking(Operation.READ, 4, 1, 4);
          image.readLostBlocks(4, 1);
          image.writeBlocks(4, 1);
          image.failBacking(Operation.READ, 5, 2, ALWAYS);
          image.readLostBlocks(5, 2);
          image.writeBlocks(4, 3);
          image.write(4 * image.sectorsPerBlock(), 1);
          image.flush();
          image.readBlocks(4, 3);
        });
  }

  @Test
  void shouldKeepABlockThatAFailedWriteHadHalfReplaced() throws IOException {
    visit(
        "failed writes that land in part",
        image -> {
          image.backing().setFailedWritesLand(Landing.HALF);
          image.spare().setFailedWritesLand(Landing.ALL);
          image.writeBlocks(2, 3);
          image.flush();
          image.failBacking(Operation.WRITE, 2, 2, ALWAYS);
          image.failNextSlot(0, Operation.WRITE);
          image.writeBlocks(1, 4);
          image.failSlotOf(2, Operation.WRITE);
          image.write(2 * image.sectorsPerBlock(), 1);
          image.flush();
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepABlockThatComesBack() throws IOException {
    visit(
        "lost and come back",
        image -> {
          image.writeBlocks(5, 3);
          image.flush();
          image.failBacking(Operation.READ, 6, 1, ALWAYS);
          image.readLostBlocks(5, 3);
          image.heal();
          image.readBlocks(5, 3);
          image.writeBlocks(6, 1);
          image.flush();
          image.failSlotOf(6, Operation.READ);
          image.readLostBlocks(6, 1);
          image.heal();
          image.readBlocks(5, 3);
        });
  }

  @Test
  void shouldKeepABlockThatIsMovedBack() throws IOException {
    visit(
        "moved as asked, and back",
        image -> {
          image.writeBlocks(2, 6);
          image.remap(3);
          image.failBacking(Operation.WRITE, 5, 2, ALWAYS);
          image.writeBlocks(4, 3);
          image.heal();
          image.failBacking(Operation.WRITE, 6, 1, ALWAYS);
          image.unmap(0, EngineHistory.BLOCKS, 2);
          image.writeBlocks(3, 1);
          image.remap(3);
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldBeTheOldSetOrNoneOrTheNewOneWhenFormattedAfterACrash() throws IOException {
    visit(
        "format of a set that was not closed",
        image -> {
          image.failBacking(Operation.WRITE, 1, 6, ALWAYS);
          for (int block = 1; block < 7; block++) {
            image.writeBlocks(block, 1);
          }
          image.kill();
          image.format();
          image.open();
          image.writeBlocks(1, 1);
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepAllWhenASetIsRebuiltFromItsTags() throws IOException {
    visit(
        "rebuilt from tags",
        // Short journal rings are nothing that could be guessed where no superblock is left.
        SpareLayout.of(SpareLayout.minimumBytes(BLOCK_BYTES), BLOCK_BYTES),
        options(PendingWrite.RELOCATE),
        image -> {
          image.failBacking(Operation.WRITE, 1, 3, ALWAYS);
          image.writeBlocks(0, 4);
          image.kill();
          image.rebuildFromTags();
          image.open();
          image.writeBlocks(2, 3);
          image.flush();
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepAllWhenASpareIsAdded() throws IOException {
    visitTwoSpares(
        "a spare is added",
        image -> {
          image.failBacking(Operation.WRITE, 1, 6, ALWAYS);
          image.writeBlocks(0, 4);
          image.addSpare();
          image.writeBlocks(4, 1);
          image.write(2 * image.sectorsPerBlock(), 1);
          image.closeCleanly();
          image.open();
          image.writeBlocks(5, 2);
          image.cutPower(false);
          image.open();
          image.writeBlocks(0, 8);
          image.flush();
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepAllWhenBlocksMigrate() throws IOException {
    visitTwoSpares(
        "migration",
        image -> {
          image.failBacking(Operation.WRITE, 1, 8, ALWAYS);
          image.writeBlocks(0, 6);
          image.addSpare();
          image.write(2 * image.sectorsPerBlock(), 1);
          image.migrate(ALWAYS, true);
          image.writeBlocks(2, 5);
          image.closeCleanly();
          image.open();
          image.writeBlocks(7, 2);
          image.flush();
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @Test
  void shouldKeepAllWhenAMigrationIsStoppedAndGoesOn() throws IOException {
    visitTwoSpares(
        "migration, stopped",
        image -> {
          image.failBacking(Operation.WRITE, 1, 3, ALWAYS);
          image.failBacking(Operation.WRITE, 20, 3, ALWAYS);
          image.writeBlocks(0, 4);
          image.writeBlocks(20, 3);
          image.failSlotOf(2, Operation.READ);
          image.readLostBlocks(2, 1);
          image.addSpare();
          image.migrate(1, false);
          image.cutPower(true);
          image.open();
          image.migrate(ALWAYS, false);
          image.writeBlocks(1, 1);
          image.writeBlocks(2, 1);
          image.kill();
          image.open();
          image.migrate(ALWAYS, true);
          image.readBlocks(0, EngineHistory.BLOCKS);
        });
  }

  @AfterAll
  static void sayHowMuchWasVisited() {
    Visited sum = ALL.stream().reduce(Visited.NOTHING, Visited::plus);
    System.out.println("power cuts in " + ALL.size() + " histories: " + sum.describe(BOUNDS));
  }

  private static EngineOptions options(PendingWrite pendingWrite) {
    return new EngineOptions(
        1, Duration.ofMillis(1), Duration.ofMillis(50), pendingWrite, Unreadable.EIO);
  }

  private static void visit(String name, Script script) throws IOException {
    visit(name, SMALL, options(PendingWrite.RELOCATE), script);
  }

  private static void visitTwoSpares(String name, Script script) throws IOException {
    visit(name, SMALL, options(PendingWrite.RELOCATE), true, script);
  }

  private static void visit(String name, SpareLayout layout, EngineOptions options, Script script)
      throws IOException {
    visit(name, layout, options, false, script);
  }

  private static void visit(
      String name, SpareLayout layout, EngineOptions options, boolean twoSpares, Script script)
      throws IOException {
    long begun = System.nanoTime();
    Visited visited = EngineHistory.enumerate(name, layout, options, BOUNDS, twoSpares, script);
    ALL.add(visited);
    System.out.printf(
        "%s: %s, in %d s%n",
        name, visited.describe(BOUNDS), (System.nanoTime() - begun) / 1_000_000_000L);
    assertThat(visited.wholePoints()).isPositive();
    assertThat(visited.states()).isGreaterThan(visited.points());
    assertThat(visited.fewestSampled()).isGreaterThan(BOUNDS.whole());
  }
}
