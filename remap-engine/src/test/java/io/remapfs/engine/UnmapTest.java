package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.BLOCKS;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.EngineOptions.PendingWrite;
import io.remapfs.engine.EngineOptions.Unreadable;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Moving blocks back to their own places: one case a test, and every point of a power cut. */
final class UnmapTest {
  private static final byte NEW = 77;

  private EngineFixture f;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted();
  }

  /** Moves blocks to slots and rewrites them there, so that their own places hold old bytes. */
  private static void moveAndRewrite(EngineFixture fixture, int... blocks) throws Exception {
    for (int block : blocks) {
      fixture.engine.remap(block);
      fixture.writeBlock(block, NEW);
    }
    fixture.engine.flush();
  }

  private static Map<Long, Long> entries(EngineFixture fixture) {
    Map<Long, Long> entries = new TreeMap<>();
    fixture.engine.forEachEntry(entries::put);
    return entries;
  }

  private byte[] ownPlace(int block) {
    return Arrays.copyOfRange(f.backing.image(), block * BLOCK, (block + 1) * BLOCK);
  }

  @Test
  void shouldMoveRemappedBlocksBackWhenTheirPlacesTakeThem() throws Exception {
    moveAndRewrite(f, 5, 6, 200);
    assertThat(f.engine.unmap(0, BLOCKS)).isEqualTo(new UnmapReport(0, BLOCKS, 3, 0, 0));
    assertThat(entries(f)).isEmpty();
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, NEW));
    assertThat(ownPlace(200)).isEqualTo(filled(BLOCK, NEW));
    assertThat(f.count(Kind.UNMAPPED)).isEqualTo(3);
    f.open(Access.READ_WRITE);
    assertThat(entries(f)).isEmpty();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, NEW));
  }

  @Test
  void shouldFlushOnceWhenManyBlocksMoveBackTogether() throws Exception {
    for (int block = 0; block < 60; block++) {
      f.engine.remap(block);
    }
    long before = f.backing.flushes();
    assertThat(f.engine.unmap(0, 60).unmapped()).isEqualTo(60);
    assertThat(f.backing.flushes() - before).isEqualTo(1);
  }

  @Test
  void shouldLeaveTheOthersAloneWhenARangeIsGiven() throws Exception {
    moveAndRewrite(f, 5, 6, 7);
    assertThat(f.engine.unmap(6, 1).unmapped()).isEqualTo(1);
    assertThat(entries(f)).containsOnlyKeys(5L, 7L);
  }

  @Test
  void shouldKeepABlockInItsSlotWhenItsPlaceRefusesTheWrite() throws Exception {
    moveAndRewrite(f, 5, 6);
    f.failWrites(5, 1);
    assertThat(f.engine.unmap(0, BLOCKS)).isEqualTo(new UnmapReport(0, BLOCKS, 1, 1, 0));
    assertThat(entries(f)).containsOnlyKeys(5L);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, NEW));
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, NEW));
  }

  @Test
  void shouldKeepABlockInItsSlotWhenItsPlaceDoesNotReadBack() throws Exception {
    moveAndRewrite(f, 5, 6);
    f.failReads(5, 1);
    assertThat(f.engine.unmap(0, BLOCKS)).isEqualTo(new UnmapReport(0, BLOCKS, 1, 1, 0));
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, NEW));
  }

  @Test
  void shouldKeepABlockInItsSlotWhenItsPlaceGivesOtherBytes() throws Exception {
    moveAndRewrite(f, 5);
    boolean[] written = {false};
    f.backing.setHook(
        (operation, byteOffset, length) -> {
          if (operation == Operation.WRITE) {
            written[0] = true;
          } else if (operation == Operation.READ && written[0]) {
            f.backing.corrupt(5 * BLOCK + 100, 1);
          }
        });
    assertThat(f.engine.unmap(5, 1)).isEqualTo(new UnmapReport(5, 1, 0, 1, 0));
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, NEW));
  }

  @Test
  void shouldLeavePendingBlocksAloneWhenTheyLieInTheRange() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.backing.heal();
    assertThat(f.engine.unmap(0, BLOCKS)).isEqualTo(new UnmapReport(0, BLOCKS, 0, 0, 0));
    assertThat(Target.isPending(entries(f).get(5L))).isTrue();
  }

  @Test
  void shouldMakeABlockPendingWhenItsSlotCannotBeRead() throws Exception {
    f.with(PendingWrite.RELOCATE, Unreadable.ZERO);
    moveAndRewrite(f, 5, 6);
    f.spare.fail(Operation.READ, slotByteOffset(5), BLOCK, Fault.MEDIUM);
    assertThat(f.engine.unmap(0, BLOCKS)).isEqualTo(new UnmapReport(0, BLOCKS, 1, 0, 1));
    assertThat(Target.isPending(entries(f).get(5L))).isTrue();
    assertThat(ownPlace(5)).isEqualTo(filled(BLOCK, stamp(5)));
  }

  private long slotByteOffset(long block) throws IOException {
    long slot = Target.slot(entries(f).get(block));
    return SpareLayout.of(f.spare.sizeBytes(), BLOCK).slotByteOffset(slot);
  }

  @Test
  void shouldRefuseWhenMountedReadOnly() throws Exception {
    moveAndRewrite(f, 5);
    f.engine.close();
    f.open(Access.READ_ONLY);
    assertThatThrownBy(() -> f.engine.unmap(5, 1)).hasMessageContaining("read-only");
    assertThat(entries(f)).containsOnlyKeys(5L);
  }

  @Test
  void shouldRefuseWhenSuspended() throws Exception {
    moveAndRewrite(f, 5);
    f.backing.fail(Operation.READ, 0, f.backing.sizeBytes(), Fault.TRANSPORT);
    assertThatThrownBy(() -> f.readBlock(9)).isInstanceOf(TransportErrorException.class);
    long writes = f.backing.writes();
    assertThatThrownBy(() -> f.engine.unmap(5, 1)).hasMessageContaining("SUSPENDED");
    assertThat(f.backing.writes()).isEqualTo(writes);
    assertThat(entries(f)).containsOnlyKeys(5L);
  }

  @Test
  void shouldSuspendAndKeepTheMappingsWhenTheBackingVanishesMeanwhile() throws Exception {
    moveAndRewrite(f, 5, 6);
    f.backing.fail(Operation.WRITE, 6 * BLOCK, BLOCK, Fault.TRANSPORT);
    assertThatThrownBy(() -> f.engine.unmap(0, 16)).isInstanceOf(TransportErrorException.class);
    assertThat(entries(f)).containsOnlyKeys(5L, 6L);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
  }

  @Test
  void shouldKeepTheMappingsAndStayFailedWhenTheBackingCannotBeFlushed() throws Exception {
    moveAndRewrite(f, 5);
    f.backing.failFlushes(Fault.MEDIUM, 1);
    assertThatThrownBy(() -> f.engine.unmap(5, 1)).isInstanceOf(MediumErrorException.class);
    assertThat(entries(f)).containsOnlyKeys(5L);
    assertThat(f.engine.status().flushFailed()).isTrue();
    assertThatThrownBy(() -> f.engine.unmap(5, 1)).hasMessageContaining("EMERGENCY");
  }

  @Test
  void shouldNotAcknowledgeWhenTheMetadataCannotBeWritten() throws Exception {
    moveAndRewrite(f, 5);
    f.spare.failFlushes(Fault.MEDIUM, 1);
    assertThatThrownBy(() -> f.engine.unmap(5, 1)).isInstanceOf(MediumErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.EMERGENCY);
    assertThat(entries(f)).containsOnlyKeys(5L);
  }

  @Test
  void shouldCountPlacesThatReadAgainWhenVerifying() throws Exception {
    moveAndRewrite(f, 5, 6, 7);
    f.failReads(9, 1);
    assertThatThrownBy(() -> f.readBlock(9)).isInstanceOf(MediumErrorException.class);
    f.failReads(6, 1);
    Map<Long, Long> before = entries(f);
    assertThat(f.engine.verify(0, BLOCKS))
        .isEqualTo(new VerifyReport(0, BLOCKS, BLOCKS - 4, 3, 1, 2));
    assertThat(entries(f)).isEqualTo(before);
    assertThat(ownPlace(5)).isEqualTo(filled(BLOCK, stamp(5)));
    f.backing.heal();
    assertThat(f.engine.verify(9, 1)).isEqualTo(new VerifyReport(9, 1, 0, 1, 0, 1));
  }

  private static final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void shouldLoseNothingWhenThePowerIsCutAtAnyPoint() throws Exception {
    int states = 0;
    boolean done = false;
    for (int cut = 0; !done; cut++) {
      EngineFixture cutOff = EngineFixture.formatted();
      moveAndRewrite(cutOff, 5, 6, 9);
      done = unmapsWithin(cutOff, cut);
      states += checkCrashes(cutOff, "cut after " + cut + " operations", done);
    }
    System.out.println("unmap: " + states + " states after a power cut");
    assertThat(states).isGreaterThan(50);
  }

  /** Whether the unmap was acknowledged before the power was cut. */
  private static boolean unmapsWithin(EngineFixture fixture, int operations) throws Exception {
    int[] left = {operations};
    CrashableDevice.Hook hook =
        (operation, byteOffset, length) -> {
          if (left[0]-- <= 0) {
            throw new PowerCut();
          }
        };
    fixture.backing.setHook(hook);
    fixture.spare.setHook(hook);
    try {
      return fixture.engine.unmap(0, 16).unmapped() == 3;
    } catch (PowerCut cut) {
      return false;
    }
  }

  private static int checkCrashes(EngineFixture cutOff, String when, boolean acknowledged)
      throws IOException {
    int states = 0;
    for (CrashableDevice spare : crashesOf(cutOff.spare)) {
      for (CrashableDevice backing : crashesOf(cutOff.backing)) {
        states++;
        EngineFixture after = new EngineFixture(backing.reopened(), spare.reopened());
        after.open(Access.READ_WRITE);
        for (int block : new int[] {5, 6, 9}) {
          assertThat(after.readBlock(block)).as(when).isEqualTo(filled(BLOCK, NEW));
        }
        if (acknowledged) {
          assertThat(entries(after)).as(when).isEmpty();
        }
      }
    }
    return states;
  }

  private static List<CrashableDevice> crashesOf(CrashableDevice device) {
    Random random = new Random(1);
    return List.of(
        device.crashLosingAll(),
        device.crashKeepingAll(),
        device.crashTearingAll(400, 600),
        device.crashAtRandom(random),
        device.crashAtRandom(random));
  }
}
