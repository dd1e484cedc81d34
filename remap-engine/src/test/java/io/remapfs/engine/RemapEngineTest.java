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
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The case table of the engine, one test a row. */
final class RemapEngineTest {
  private EngineFixture f;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted();
  }

  private long targetOf(int block) {
    long[] found = {Target.HEALTHY};
    f.engine.forEachEntry(
        (blockIndex, target) -> {
          if (blockIndex == block) {
            found[0] = target;
          }
        });
    return found[0];
  }

  @Test
  void shouldSalvageAndAnswerWhenARepeatedReadSucceeds() throws Exception {
    // The request, then the block by itself, then the first repetition fail.
    f.backing.fail(Operation.READ, 5 * BLOCK, BLOCK, Fault.MEDIUM, 3);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
    assertThat(f.engine.status().salvagedBlocks()).isEqualTo(1);
    assertThat(f.count(Kind.SALVAGED)).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
  }

  @Test
  void shouldNotMoveAnythingWhenOnlyTheLargeRequestFailed() throws Exception {
    f.backing.fail(Operation.READ, 5 * BLOCK, BLOCK, Fault.MEDIUM, 1);
    assertThat(f.read(0, 16 * BLOCK)).hasSize(16 * BLOCK);
    assertThat(f.engine.status().remappedBlocks()).isZero();
  }

  @Test
  void shouldFailAndMakePendingWhenABlockCannotBeRead() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    assertThat(Target.isPending(targetOf(5))).isTrue();
    assertThat(f.engine.status().state()).isEqualTo(EngineState.DEGRADED);
    assertThat(f.engine.status().spareUsed()).isZero();
  }

  @Test
  void shouldSalvageTheOthersWhenOneBlockOfARequestIsLost() throws Exception {
    f.failReads(5, 1);
    f.backing.fail(Operation.READ, 9 * BLOCK, BLOCK, Fault.MEDIUM, 6);
    assertThatThrownBy(() -> f.read(0, 16 * BLOCK)).isInstanceOf(MediumErrorException.class);
    assertThat(Target.isPending(targetOf(5))).isTrue();
    assertThat(Target.isRemapped(targetOf(9))).isTrue();
    assertThat(f.readBlock(9)).isEqualTo(filled(BLOCK, stamp(9)));
  }

  @Test
  void shouldTryAPendingBlockOnlyOnceWhenReadAgain() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    long before = f.backing.reads();
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    assertThat(f.backing.reads() - before).isEqualTo(1);
  }

  @Test
  void shouldSalvageAPendingBlockWhenItComesBack() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.backing.heal();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
  }

  @Test
  void shouldHealAPendingBlockWhenItIsOverwrittenWhole() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.writeBlock(5, (byte) 77);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
  }

  @Test
  void shouldRewriteInPlaceWhenAskedAndItReadsBack() throws Exception {
    f.with(PendingWrite.REWRITE, Unreadable.EIO);
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.backing.heal();
    f.writeBlock(5, (byte) 77);
    assertThat(targetOf(5)).isEqualTo(Target.HEALTHY);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(f.engine.status().spareUsed()).isZero();
  }

  @Test
  void shouldTakeASlotWhenRewritingInPlaceDoesNotReadBack() throws Exception {
    f.with(PendingWrite.REWRITE, Unreadable.EIO);
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.writeBlock(5, (byte) 77);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  @Test
  void shouldSayThatAFlushFailedWhenItWasARewritesOwn() throws Exception {
    f.with(PendingWrite.REWRITE, Unreadable.EIO);
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.backing.heal();
    f.writeBlock(6, (byte) 66); // which the failing flush drops
    f.backing.failFlushes(Fault.MEDIUM, 1);
    f.writeBlock(5, (byte) 77);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
    assertThat(f.engine.status().flushFailed()).isTrue();
  }

  @Test
  void shouldRefuseAPartialWriteWhenTheBlockIsPending() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    assertThatThrownBy(() -> f.write(5 * BLOCK + 512, filled(512, (byte) 9)))
        .isInstanceOf(MediumErrorException.class);
    assertThat(Target.isPending(targetOf(5))).isTrue();
  }

  @Test
  void shouldFillWithZerosWhenTheUserChoseSo() throws Exception {
    f.with(PendingWrite.RELOCATE, Unreadable.ZERO);
    f.failReads(5, 1);
    assertThat(f.readBlock(5)).isEqualTo(new byte[BLOCK]);
    assertThat(f.engine.status().zeroFilledBlocks()).isEqualTo(1);
    f.write(5 * BLOCK + 512, filled(512, (byte) 9));
    byte[] expected = new byte[BLOCK];
    Arrays.fill(expected, 512, 1024, (byte) 9);
    assertThat(f.readBlock(5)).isEqualTo(expected);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
  }

  @Test
  void shouldMoveTheBlockWhenAWriteFails() throws Exception {
    f.failWrites(5, 2);
    f.write(4 * BLOCK, filled(4 * BLOCK, (byte) 50));
    assertThat(f.read(4 * BLOCK, 4 * BLOCK)).isEqualTo(filled(4 * BLOCK, (byte) 50));
    assertThat(f.engine.status().remappedBlocks()).isEqualTo(2);
    assertThat(targetOf(4)).isEqualTo(Target.HEALTHY);
    assertThat(f.count(Kind.REMAPPED)).isEqualTo(2);
  }

  @Test
  void shouldMergeTheOldBytesWhenAPartialWriteFails() throws Exception {
    f.failWrites(5, 1);
    f.write(5 * BLOCK + 1024, filled(512, (byte) 9));
    byte[] expected = filled(BLOCK, stamp(5));
    Arrays.fill(expected, 1024, 1536, (byte) 9);
    assertThat(f.readBlock(5)).isEqualTo(expected);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
  }

  @Test
  void shouldNeedOnlyTheOtherSectorsWhenAPartialWriteFails() throws Exception {
    f.failWrites(5, 1);
    f.backing.fail(Operation.READ, 5 * BLOCK + 1024, 512, Fault.MEDIUM);
    f.write(5 * BLOCK + 1024, filled(512, (byte) 9));
    byte[] expected = filled(BLOCK, stamp(5));
    Arrays.fill(expected, 1024, 1536, (byte) 9);
    assertThat(f.readBlock(5)).isEqualTo(expected);
  }

  @Test
  void shouldFailAndLoseTheBlockWhenAPartialWriteCannotMerge() throws Exception {
    f.failWrites(5, 1);
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.write(5 * BLOCK, filled(512, (byte) 9)))
        .isInstanceOf(MediumErrorException.class);
    assertThat(Target.isPending(targetOf(5))).isTrue();
  }

  @Test
  void shouldReadOverBackingAndSlotsWhenARequestCoversBoth() throws Exception {
    f.failWrites(3, 1);
    f.failWrites(6, 2);
    f.write(0, filled(16 * BLOCK, (byte) 60));
    assertThat(f.engine.status().remappedBlocks()).isEqualTo(3);
    assertThat(f.read(0, 16 * BLOCK)).isEqualTo(filled(16 * BLOCK, (byte) 60));
    f.write(0, filled(16 * BLOCK, (byte) 61));
    assertThat(f.read(512, 15 * BLOCK)).isEqualTo(filled(15 * BLOCK, (byte) 61));
  }

  @Test
  void shouldBurnTheSlotWhenItCannotBeWritten() throws Exception {
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    f.spare.fail(Operation.WRITE, layout.slotByteOffset(0), BLOCK, Fault.MEDIUM);
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    assertThat(Target.slot(targetOf(5))).isEqualTo(1);
    assertThat(f.engine.status().spareBurnt()).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 50));
  }

  @Test
  void shouldBurnTheSlotWhenItDoesNotReadBack() throws Exception {
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    f.spare.fail(Operation.READ, layout.slotByteOffset(0), BLOCK, Fault.MEDIUM);
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    assertThat(Target.slot(targetOf(5))).isEqualTo(1);
    assertThat(f.engine.status().spareBurnt()).isEqualTo(1);
  }

  @Test
  void shouldMoveToAnotherSlotWhenAWriteToTheSlotFails() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    long slot = Target.slot(targetOf(5));
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    f.spare.fail(Operation.WRITE, layout.slotByteOffset(slot), BLOCK, Fault.MEDIUM);
    f.writeBlock(5, (byte) 51);
    assertThat(Target.slot(targetOf(5))).isNotEqualTo(slot);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 51));
    assertThat(f.engine.status().spareBurnt()).isEqualTo(1);
  }

  @Test
  void shouldNeverShowTheStaleBackingWhenASlotIsLost() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    long slot = Target.slot(targetOf(5));
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    f.spare.fail(Operation.READ, layout.slotByteOffset(slot), BLOCK, Fault.MEDIUM);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    assertThat(targetOf(5)).isEqualTo(Target.pending(slot));
    f.open(Access.READ_WRITE);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    f.spare.heal();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 50));
  }

  @Test
  void shouldFailOnlyWhatNeedsASlotWhenTheSpareIsExhausted() throws Exception {
    int slots = (int) f.engine.status().spareSlots();
    assertThat(slots).isLessThan(BLOCKS - 2);
    for (int block = 0; block < slots; block++) {
      f.failWrites(block, 1);
      f.writeBlock(block, (byte) 50);
    }
    int next = slots;
    f.failWrites(next, 1);
    assertThatThrownBy(() -> f.writeBlock(next, (byte) 50))
        .isInstanceOf(MediumErrorException.class)
        .hasMessageContaining("no free slot");
    assertThat(f.engine.status().state()).isEqualTo(EngineState.EXHAUSTED);
    assertThat(f.readBlock(0)).isEqualTo(filled(BLOCK, (byte) 50));
    f.writeBlock(0, (byte) 51);
    f.writeBlock(BLOCKS - 1, (byte) 52);
    assertThat(f.count(Kind.SPARE_EXHAUSTED)).isEqualTo(1);
  }

  @Test
  void shouldSpendNoSlotWhenTheTransportFails() throws Exception {
    f.backing.fail(Operation.READ, 0, BLOCKS * BLOCK, Fault.TRANSPORT);
    f.backing.fail(Operation.WRITE, 0, BLOCKS * BLOCK, Fault.TRANSPORT);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(TransportErrorException.class);
    assertThatThrownBy(() -> f.writeBlock(6, (byte) 1)).isInstanceOf(TransportErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().spareUsed()).isZero();
    assertThat(f.engine.status().pendingBlocks()).isZero();
    f.backing.heal();
    f.clock.sleepNanos(1_000_000_000L);
    f.engine.housekeeping();
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
  }

  @Test
  void shouldSpendNoSlotWhenEveryPlaceGivesMediumErrors() throws Exception {
    f.failReads(0, BLOCKS);
    f.failWrites(0, BLOCKS);
    for (int block = 0; block < BLOCKS; block += 7) {
      int each = block;
      assertThatThrownBy(() -> f.readBlock(each)).isInstanceOf(BlockDeviceException.class);
      assertThatThrownBy(() -> f.writeBlock(each, (byte) 1))
          .isInstanceOf(BlockDeviceException.class);
    }
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().spareUsed()).isZero();
    assertThat(f.engine.status().pendingBlocks()).isZero();
    f.backing.heal();
    f.clock.sleepNanos(1_000_000_000L);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
  }

  @Test
  void shouldMoveEveryBlockWhenABurstEndsWithBadOnesOnly() throws Exception {
    f = EngineFixture.formatted(EngineFixture.LARGE_SPARE_BYTES);
    f.failWrites(0, BLOCKS - 1);
    for (int i = 0; i < BLOCKS - 1; i++) {
      if (i % 100 == 0) {
        f.writeBlock(BLOCKS - 1, (byte) 1); // the only good one
      }
      f.writeBlock(i * 37 % (BLOCKS - 1), (byte) 1);
    }
    assertThat(f.engine.status().state()).isNotEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().spareUsed()).isEqualTo(BLOCKS - 1);
  }

  @Test
  void shouldStopSpendingSlotsWhenWritesAreRefusedAllOverTheDisk() throws Exception {
    f = EngineFixture.formatted(EngineFixture.LARGE_SPARE_BYTES);
    f.failWrites(0, BLOCKS);
    for (int i = 0; i < 200; i++) {
      int block = i * 37 % BLOCKS;
      try {
        f.writeBlock(block, (byte) 1);
      } catch (BlockDeviceException e) {
        // Passed on once suspended.
      }
    }
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().spareUsed()).isEqualTo(128);
  }

  @Test
  void shouldStopSpendingSlotsWhenErrorsAllOverTheDiskGoAway() throws Exception {
    for (int i = 0; i < 100; i++) {
      int block = i * 37 % BLOCKS;
      f.backing.fail(Operation.READ, (long) block * BLOCK, BLOCK, Fault.MEDIUM, 3);
      assertThat(f.readBlock(block)).isEqualTo(filled(BLOCK, stamp(block)));
    }
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().spareUsed()).isLessThan(30);
  }

  @Test
  void shouldKeepMovingWhenManyScatteredBlocksAreReallyBad() throws Exception {
    f = EngineFixture.formatted(4 << 20);
    for (int i = 0; i < 40; i++) {
      int block = i * 37 % BLOCKS;
      f.failWrites(block, 1);
      f.writeBlock(block, (byte) 50);
      f.writeBlock((block + 1) % BLOCKS, (byte) 51);
    }
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    assertThat(f.engine.status().remappedBlocks()).isGreaterThanOrEqualTo(40);
  }

  @Test
  void shouldFlushBothDevicesWhenAsked() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    f.writeBlock(5, (byte) 51);
    f.writeBlock(6, (byte) 52);
    assertThat(f.spare.unflushedWrites()).isEqualTo(1);
    assertThat(f.backing.unflushedWrites()).isEqualTo(1);
    f.engine.flush();
    assertThat(f.spare.unflushedWrites()).isZero();
    assertThat(f.backing.unflushedWrites()).isZero();
  }

  @Test
  void shouldFailEveryLaterFlushWhenOneFailed() throws Exception {
    f.writeBlock(5, (byte) 50);
    f.backing.failFlushes(Fault.MEDIUM, 1);
    assertThatThrownBy(() -> f.engine.flush()).isInstanceOf(MediumErrorException.class);
    assertThatThrownBy(() -> f.engine.flush()).isInstanceOf(MediumErrorException.class);
    assertThat(f.engine.status().flushFailed()).isTrue();
    assertThat(f.engine.status().state()).isEqualTo(EngineState.EMERGENCY);
  }

  @Test
  void shouldAcknowledgeNoRemapWhenTheMetadataCannotBeFlushed() throws Exception {
    f.spare.failFlushes(Fault.MEDIUM);
    f.failWrites(5, 1);
    assertThatThrownBy(() -> f.writeBlock(5, (byte) 50)).isInstanceOf(MediumErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.EMERGENCY);
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, stamp(6)));
    f.writeBlock(7, (byte) 51);
    assertThat(f.readBlock(7)).isEqualTo(filled(BLOCK, (byte) 51));
    assertThat(f.count(Kind.EMERGENCY)).isEqualTo(1);
  }

  @Test
  void shouldReadZerosWhenARangeWasDiscarded() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    f.failReads(8, 1);
    assertThatThrownBy(() -> f.readBlock(8)).isInstanceOf(MediumErrorException.class);
    f.engine.zero(4 * BLOCK + 100, 6 * BLOCK, true);
    byte[] expected = new byte[8 * BLOCK];
    Arrays.fill(expected, 0, BLOCK, stamp(3));
    Arrays.fill(expected, BLOCK, BLOCK + 100, stamp(4));
    Arrays.fill(expected, 7 * BLOCK + 100, 8 * BLOCK, stamp(10));
    assertThat(f.read(3 * BLOCK, 8 * BLOCK)).isEqualTo(expected);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
    assertThat(Target.isRemapped(targetOf(8))).isTrue();
  }

  @Test
  void shouldMoveTheBlockWhenZeroingItFails() throws Exception {
    f.failWrites(5, 1);
    f.engine.zero(0, 16 * BLOCK, false);
    assertThat(f.read(0, 16 * BLOCK)).isEqualTo(new byte[16 * BLOCK]);
    assertThat(Target.isRemapped(targetOf(5))).isTrue();
  }

  @Test
  void shouldMoveAHealthyBlockWhenAsked() throws Exception {
    RemapResult result = f.engine.remap(5);
    assertThat(result.moved()).isTrue();
    assertThat(Target.isRemapped(result.target())).isTrue();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    assertThat(f.engine.remap(5).moved()).isFalse();
    assertThatThrownBy(() -> f.engine.remap(BLOCKS)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldCountWhatItFindsWhenVerifying() throws Exception {
    f.failReads(5, 2);
    f.engine.remap(20);
    VerifyReport report = f.engine.verify(0, BLOCKS);
    assertThat(report).isEqualTo(new VerifyReport(0, BLOCKS, BLOCKS - 3, 1, 2, 1));
  }

  @Test
  void shouldChangeNothingWhenMountedReadOnly() throws Exception {
    f.engine.close();
    byte[] spareBefore = f.spare.image();
    byte[] backingBefore = f.backing.image();
    f.open(Access.READ_ONLY);
    f.backing.fail(Operation.READ, 5 * BLOCK, BLOCK, Fault.MEDIUM, 3);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    f.failReads(6, 1);
    assertThatThrownBy(() -> f.readBlock(6)).isInstanceOf(MediumErrorException.class);
    assertThatThrownBy(() -> f.writeBlock(7, (byte) 1)).isInstanceOf(BlockDeviceException.class);
    assertThatThrownBy(() -> f.engine.zero(0, BLOCK, true))
        .isInstanceOf(BlockDeviceException.class);
    f.engine.close();
    assertThat(f.spare.image()).isEqualTo(spareBefore);
    assertThat(f.backing.image()).isEqualTo(backingBefore);
  }

  @Test
  void shouldRememberEverythingWhenOpenedAgain() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 50);
    f.failReads(9, 1);
    assertThatThrownBy(() -> f.readBlock(9)).isInstanceOf(MediumErrorException.class);
    long used = f.engine.status().spareUsed();
    f.engine.close();
    f.open(Access.READ_WRITE);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 50));
    assertThat(Target.isPending(targetOf(9))).isTrue();
    assertThat(f.engine.status().spareUsed()).isGreaterThanOrEqualTo(used);
  }

  @Test
  void shouldRefuseRangesOutsideTheImage() {
    IoBuffer buffer = IoBuffer.allocate(BLOCK);
    assertThatThrownBy(() -> f.engine.read((long) BLOCKS * BLOCK - 1, buffer, 0, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> f.engine.write(-1, buffer, 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> f.engine.zero(0, 0, true))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldBehaveAsAnArrayWhenRequestsHaveAnyOffsetAndLength() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    f = EngineFixture.formatted(4 << 20);
    byte[] model = f.read(0, BLOCKS * BLOCK);
    for (int block = 0; block < BLOCKS; block += 10) {
      f.failWrites(block, 1);
    }
    for (int i = 0; i < 2_000; i++) {
      int length = 1 + random.nextInt(random.nextBoolean() ? 1_000 : 40_000);
      int at = random.nextInt(BLOCKS * BLOCK - length);
      if (random.nextBoolean()) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        f.write(at, data);
        System.arraycopy(data, 0, model, at, length);
      } else if (random.nextInt(10) == 0) {
        f.engine.zero(at, length, random.nextBoolean());
        Arrays.fill(model, at, at + length, (byte) 0);
      } else {
        assertThat(f.read(at, length))
            .as("seed %d step %d: %d bytes at %d", seed, i, length, at)
            .isEqualTo(Arrays.copyOfRange(model, at, at + length));
      }
    }
  }
}
