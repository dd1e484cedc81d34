package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.BLOCKS;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineOptions.PendingWrite;
import io.remapfs.engine.EngineOptions.Unreadable;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the scanner's reads find, change and leave alone. */
final class ScanReadTest {
  private static final int SIZE = BLOCKS * BLOCK;

  private EngineFixture f;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted();
  }

  private ScanReport scan(int firstBlock, int blocks) throws BlockDeviceException {
    return f.engine.scan((long) firstBlock * BLOCK, blocks * BLOCK, true);
  }

  /** Scans all of it, step by step; the sum of what was found. */
  private ScanReport scanAll(boolean retryPending) throws BlockDeviceException {
    int at = 0;
    int salvaged = 0;
    int lost = 0;
    int pending = 0;
    int unrecorded = 0;
    while (at < SIZE) {
      ScanReport report = f.engine.scan(at, SIZE - at, retryPending);
      at += report.scannedBytes();
      salvaged += report.salvaged();
      lost += report.lost();
      pending += report.pending();
      unrecorded += report.unrecorded();
    }
    return new ScanReport(at, 0, salvaged, lost, pending, unrecorded);
  }

  private long targetOf(int block) {
    long[] found = {Target.HEALTHY};
    f.engine.forEachEntry((at, target) -> found[0] = at == block ? target : found[0]);
    return found[0];
  }

  private void failReads(int block, int times) {
    f.backing.fail(Operation.READ, (long) block * BLOCK, BLOCK, Fault.MEDIUM, times);
  }

  @Test
  void shouldReadOnceAndFindNothingWhenTheRangeIsHealthy() throws Exception {
    long before = f.backing.reads();
    ScanReport report = scan(0, BLOCKS);
    assertThat(report).isEqualTo(new ScanReport(SIZE, 0, 0, 0, 0, 0));
    assertThat(f.backing.reads() - before).isEqualTo(1);
  }

  @Test
  void shouldNotCountAsAUsersRequestWhenItFindsErrors() throws Exception {
    f.failReads(9, 1);
    scanAll(true);
    EngineStatus status = f.engine.status();
    assertThat(status.reads()).isZero();
    assertThat(status.readBytes()).isZero();
    assertThat(status.readErrors()).isZero();
    assertThat(f.engine.userRequests()).isZero();
  }

  @Test
  void shouldSalvageWhatReadsWhenRepeated() throws Exception {
    failReads(40, 7); // the run, its piece, and under the guard 16, 8, 4, 2 blocks and one
    ScanReport report = scanAll(true);
    assertThat(report.salvaged()).isEqualTo(1);
    assertThat(report.lost()).isZero();
    assertThat(Target.isRemapped(targetOf(40))).isTrue();
    assertThat(f.readBlock(40)).isEqualTo(filled(BLOCK, stamp(40)));
  }

  @Test
  void shouldFindEveryLostBlockWhenSeveralPiecesFail() throws Exception {
    f.failReads(3, 2);
    f.failReads(15, 2); // across the edge of a piece
    f.failReads(255, 1);
    ScanReport report = scanAll(true);
    assertThat(report.lost()).isEqualTo(5);
    assertThat(f.engine.status().pendingBlocks()).isEqualTo(5);
    assertThat(targetOf(16)).isEqualTo(Target.pending(Target.NO_SLOT));
  }

  @Test
  void shouldEndTheStepAfterThePieceThatFailed() throws Exception {
    f.failReads(20, 1);
    ScanReport report = scan(0, BLOCKS);
    assertThat(report.scannedBytes()).isEqualTo(32 * BLOCK);
    assertThat(report.lost()).isEqualTo(1);
  }

  @Test
  void shouldAttemptAPendingBlockOnceWhenAskedTo() throws Exception {
    f.failReads(7, 1);
    scanAll(true);
    f.backing.heal();
    f.failReads(7, 1);
    long before = f.backing.reads();
    ScanReport report = scan(7, 1);
    assertThat(report.pending()).isEqualTo(1);
    assertThat(report.newErrors()).isZero();
    assertThat(f.backing.reads() - before).isEqualTo(1);
  }

  @Test
  void shouldLeaveAPendingBlockAloneWhenNotAskedToTryIt() throws Exception {
    f.failReads(7, 1);
    scanAll(true);
    f.backing.heal();
    ScanReport report = scanAll(false);
    assertThat(report.pending()).isEqualTo(1);
    assertThat(f.engine.status().pendingBlocks()).isEqualTo(1);
  }

  @Test
  void shouldSalvageAPendingBlockThatCameBack() throws Exception {
    f.failReads(7, 1);
    scanAll(true);
    f.backing.heal();
    ScanReport report = scanAll(true);
    assertThat(report.salvaged()).isEqualTo(1);
    assertThat(f.readBlock(7)).isEqualTo(filled(BLOCK, stamp(7)));
  }

  @Test
  void shouldReadTheSlotAndNotTheOldPlaceOfARemappedBlock() throws Exception {
    f.engine.remap(30);
    f.failReads(30, 1);
    ScanReport report = scanAll(true);
    assertThat(report.newErrors()).isZero();
  }

  @Test
  void shouldMoveABlockOnWhenItsSlotFails() throws Exception {
    f.engine.remap(30);
    long slot = Target.slot(targetOf(30));
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    long slotOffset = layout.slotByteOffset(slot);
    f.spare.fail(Operation.READ, slotOffset, BLOCK, Fault.MEDIUM, 3);
    ScanReport report = scanAll(true);
    assertThat(report.salvaged()).isEqualTo(1);
    assertThat(Target.slot(targetOf(30))).isNotEqualTo(slot);
    assertThat(f.readBlock(30)).isEqualTo(filled(BLOCK, stamp(30)));
  }

  @Test
  void shouldBlameNoBlockWhenTheTransportFails() throws Exception {
    f.backing.fail(Operation.READ, 0, SIZE, Fault.TRANSPORT);
    assertThatThrownBy(() -> scan(0, BLOCKS)).isInstanceOf(TransportErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().pendingBlocks()).isZero();
    assertThat(f.engine.status().spareUsed()).isZero();
  }

  @Test
  void shouldBlameNoBlockWhenNoPlaceAnswers() throws Exception {
    f.failReads(0, BLOCKS);
    assertThatThrownBy(() -> scan(0, BLOCKS)).isInstanceOf(MediumErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    assertThat(f.engine.status().pendingBlocks()).isZero();
  }

  @Test
  void shouldOnlyLookWhenMountedReadOnly() throws Exception {
    f.open(Access.READ_ONLY);
    f.failReads(5, 2);
    ScanReport report = scanAll(true);
    assertThat(report.unrecorded()).isEqualTo(2);
    assertThat(report.isComplete()).isFalse();
    assertThat(f.engine.status().pendingBlocks()).isZero();
  }

  @Test
  void shouldGiveNobodyZerosWhenUsersGetThem() throws Exception {
    f.with(PendingWrite.RELOCATE, Unreadable.ZERO);
    f.failReads(5, 1);
    assertThat(scanAll(true).lost()).isEqualTo(1);
    assertThat(scanAll(true).pending()).isEqualTo(1);
    assertThat(f.engine.status().zeroFilledBlocks()).isZero();
  }

  @Test
  void shouldKeepNewerDataWhenAWriteComesWhileABlockIsSalvaged() throws Exception {
    failReads(40, 7);
    CountDownLatch salvaging = new CountDownLatch(1);
    CountDownLatch writing = new CountDownLatch(1);
    AtomicInteger reads = new AtomicInteger();
    f.backing.setHook(
        (operation, byteOffset, lengthBytes) -> {
          if (operation == Operation.READ
              && Thread.currentThread().getName().equals("scanner")
              && byteOffset == 40L * BLOCK
              && reads.incrementAndGet() == 2) {
            salvaging.countDown();
            await(writing);
          }
        });
    Thread scanner = new Thread(this::scanQuietly, "scanner");
    scanner.start();
    assertThat(salvaging.await(20, TimeUnit.SECONDS)).isTrue();
    Thread writer = new Thread(() -> writeQuietly(40), "writer");
    writer.start();
    while (writer.getState() != Thread.State.TIMED_WAITING && writer.isAlive()) {
      Thread.onSpinWait();
    }
    writing.countDown();
    scanner.join();
    writer.join();
    assertThat(Target.isRemapped(targetOf(40))).isTrue();
    assertThat(f.readBlock(40)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void scanQuietly() {
    try {
      scanAll(true);
    } catch (BlockDeviceException e) {
      throw new IllegalStateException(e);
    }
  }

  private void writeQuietly(int block) {
    try {
      f.writeBlock(block, (byte) 77);
    } catch (BlockDeviceException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldRefuseARangeThatIsNotWholeBlocks() {
    assertThatThrownBy(() -> f.engine.scan(100, BLOCK, true))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> f.engine.scan(0, SIZE + BLOCK, true))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
