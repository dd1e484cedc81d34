package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.spare.SpareLayout;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Errors of the spare that are not a slot's: full, gone, taking no writes, a copy of metadata. */
final class SpareTroubleTest {
  private static final long SECOND = 1_000_000_000L;

  private EngineFixture f;
  private SpareLayout layout;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted(4 << 20);
    layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
  }

  private void failSlots(Operation operation, Fault fault) {
    long first = layout.slotByteOffset(0);
    long last = layout.slotByteOffset(layout.slotCount() - 1) + BLOCK;
    long middle = layout.superblockOffset(1);
    f.spare.fail(operation, first, middle - first, fault);
    f.spare.fail(operation, middle + layout.zoneBytes(), last - middle - layout.zoneBytes(), fault);
  }

  private void failAll(Operation operation, Fault fault) {
    f.spare.fail(operation, 0, f.spare.sizeBytes(), fault);
  }

  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      f.clock.sleepNanos(SECOND);
      f.engine.housekeeping();
    }
  }

  private void refusesFiftyWrites() {
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> f.writeBlock(5, (byte) 77)).isInstanceOf(MediumErrorException.class);
      pass(1);
    }
  }

  private void assertState(EngineState state, String reason) {
    assertThat(f.engine.status().state()).isEqualTo(state);
    assertThat(f.engine.status().reason()).contains(reason);
  }

  @Test
  void shouldSpendAndBurnNoSlotWhenTheSparesFileSystemIsFull() {
    f.failWrites(5, 1);
    failSlots(Operation.WRITE, Fault.NO_SPACE);
    refusesFiftyWrites();
    assertState(EngineState.EMERGENCY, "no block can be moved");
    assertThat(f.engine.status().spareUsed()).isZero();
    assertThat(f.engine.status().spareBurnt()).isZero();
    assertThat(f.engine.status().pendingBlocks()).isZero();
    assertThat(f.count(Kind.EMERGENCY)).isEqualTo(1);
    assertThat(f.count(Kind.RESUMED)).isZero();
  }

  @Test
  void shouldMoveBlocksAgainWhenTheSparesFileSystemHasSpaceAgain() throws Exception {
    f.failWrites(5, 1);
    failSlots(Operation.WRITE, Fault.NO_SPACE);
    assertThatThrownBy(() -> f.writeBlock(5, (byte) 77)).isInstanceOf(MediumErrorException.class);
    f.spare.heal();
    f.writeBlock(5, (byte) 78);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 78));
    assertState(EngineState.HEALTHY, "");
    assertThat(f.engine.status().spareUsed()).isEqualTo(1);
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
    f.open(Access.READ_WRITE);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 78));
  }

  @ParameterizedTest
  @EnumSource(names = {"NO_SPACE", "TIMEOUT", "TRANSPORT", "READ_ONLY", "MEDIUM"})
  void shouldEndTheEmergencyWithoutABadBlockWhenTheSpareTakesWritesAgain(Fault fault)
      throws Exception {
    f.failWrites(5, 1);
    failSlots(Operation.WRITE, fault);
    refusesFiftyWrites();
    assertState(EngineState.EMERGENCY, "no block can be moved");
    f.spare.heal();
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.count(Kind.EMERGENCY)).isEqualTo(1);
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
    f.writeBlock(5, (byte) 78);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 78));
  }

  @ParameterizedTest
  @EnumSource(names = {"TIMEOUT", "TRANSPORT"})
  void shouldUseNoSlotPerAttemptWhenTheSpareReadsButFailsWrites(Fault fault) {
    f.failWrites(5, 1);
    failSlots(Operation.WRITE, fault);
    refusesFiftyWrites();
    // One is out of use: the write to it may still land.
    assertThat(f.engine.status().spareUsed()).isEqualTo(1);
    assertThat(f.engine.status().spareBurnt()).isZero();
  }

  @Test
  void shouldBurnNoSlotWhenEverySlotRefusesWritesWithMediumErrors() throws Exception {
    f.failWrites(5, 1);
    failSlots(Operation.WRITE, Fault.MEDIUM);
    refusesFiftyWrites();
    assertThat(f.engine.status().spareBurnt()).isZero();
    assertThat(f.engine.status().spareUsed()).isEqualTo(8);
    f.spare.heal();
    pass(17);
    f.spare.fail(Operation.WRITE, layout.slotByteOffset(8), BLOCK, Fault.MEDIUM);
    f.writeBlock(5, (byte) 78);
    assertThat(f.engine.status().spareBurnt()).isEqualTo(1); // a slot's own error, again
  }

  @Test
  void shouldServeWhatIsMovedAlreadyWhenTheSparesFileSystemIsFull() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 77);
    failAll(Operation.WRITE, Fault.NO_SPACE);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, stamp(6)));
    f.writeBlock(6, (byte) 1);
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, (byte) 1));
  }

  @Test
  void shouldComeBackWithoutARemountWhenTheSpareWasGoneForAWhile() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 77);
    f.failReads(9, 1);
    failAll(Operation.READ, Fault.TRANSPORT);
    failAll(Operation.WRITE, Fault.TRANSPORT);
    f.spare.failFlushes(Fault.TRANSPORT);
    assertThatThrownBy(() -> f.readBlock(9)).isInstanceOf(BlockDeviceException.class);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(BlockDeviceException.class);
    pass(120);
    assertState(EngineState.EMERGENCY, "no block can be moved");
    assertThat(f.engine.status().pendingBlocks()).isZero(); // it could not be noted
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, stamp(6)));

    f.spare.heal();
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThatThrownBy(() -> f.readBlock(9)).isInstanceOf(MediumErrorException.class);
    assertThat(f.engine.status().pendingBlocks()).isEqualTo(1);
    f.engine.flush();
  }

  @Test
  void shouldSayWhereItEndsWhenTheSpareIsCutShort() {
    f.spare.cutAt(8192);
    pass(1);
    assertState(EngineState.EMERGENCY, "ended at byte 8192, was " + f.spare.sizeBytes());
    f.spare.cutAt(f.spare.sizeBytes());
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.count(Kind.EMERGENCY)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"NO_SPACE", "TRANSPORT", "MEDIUM"})
  void shouldWriteALostCopyAnewWhenItTakesWritesAgain(Fault fault) throws Exception {
    f.failWrites(5, 4);
    f.writeBlock(5, (byte) 70);
    f.spare.fail(Operation.WRITE, layout.zoneOffset(0), layout.zoneBytes(), fault);
    f.writeBlock(6, (byte) 71);
    pass(120);
    assertState(EngineState.DEGRADED, "a copy of the remap metadata");
    assertThat(f.count(Kind.METADATA_COPY_LOST)).isEqualTo(1);
    assertThat(f.count(Kind.METADATA_REPAIRED)).isZero();
    f.writeBlock(7, (byte) 72);

    f.spare.heal();
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.count(Kind.METADATA_REPAIRED)).isEqualTo(1);
    f.writeBlock(8, (byte) 73);
    // The copy that was lost must be able to stand alone.
    f.spare.corrupt(layout.zoneOffset(1), (int) layout.zoneBytes());
    f.spare.corrupt(layout.zoneOffset(2), (int) layout.zoneBytes());
    f.open(Access.READ_WRITE);
    for (int block = 5; block < 9; block++) {
      assertThat(f.readBlock(block)).isEqualTo(filled(BLOCK, (byte) (65 + block)));
    }
  }

  @Test
  void shouldNotCallACopyWholeWhileABlockOfItsRingIsBad() throws Exception {
    f.failWrites(5, 1);
    long ring = layout.ringOffset(1);
    f.spare.fail(Operation.WRITE, ring, (long) layout.ringBlocks() * BLOCK, Fault.MEDIUM);
    f.writeBlock(5, (byte) 70);
    f.spare.heal();
    f.spare.fail(Operation.WRITE, ring + 7L * BLOCK, BLOCK, Fault.MEDIUM);
    pass(300);
    assertState(EngineState.DEGRADED, "a copy of the remap metadata");
    assertThat(f.count(Kind.METADATA_COPY_LOST)).isEqualTo(1);
    assertThat(f.count(Kind.METADATA_REPAIRED)).isZero();
  }

  @Test
  void shouldStayAnEmergencyWhenAFlushFailedWhileACopyWasWrittenAnew() throws Exception {
    f.failWrites(5, 2);
    f.spare.fail(Operation.WRITE, layout.zoneOffset(0), layout.zoneBytes(), Fault.TRANSPORT);
    f.writeBlock(5, (byte) 70);
    f.spare.heal();
    f.spare.failFlushes(Fault.MEDIUM, 1);
    pass(120);
    assertState(EngineState.EMERGENCY, "the remap metadata cannot be written");
    assertThat(f.count(Kind.METADATA_REPAIRED)).isZero();
    assertThatThrownBy(() -> f.writeBlock(6, (byte) 1)).isInstanceOf(MediumErrorException.class);
    f.open(Access.READ_WRITE);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 70));
  }

  @Test
  void shouldStayAnErrorWhenAFlushOfTheSpareFailedOnce() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 70);
    f.spare.failFlushes(Fault.MEDIUM, 1);
    assertThatThrownBy(f.engine::flush).isInstanceOf(BlockDeviceException.class);
    f.spare.heal();
    pass(60);
    assertThatThrownBy(f.engine::flush).isInstanceOf(BlockDeviceException.class);
    assertState(EngineState.EMERGENCY, "a flush failed");
  }
}
