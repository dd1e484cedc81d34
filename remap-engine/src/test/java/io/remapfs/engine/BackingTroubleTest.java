package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.BLOCKS;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.TransportErrorException;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Errors of the backing that tell of no bad block: what is not spent, what is said, what ends it.
 */
final class BackingTroubleTest {
  private static final long SIZE = (long) BLOCKS * BLOCK;
  private static final long SECOND = 1_000_000_000L;

  private EngineFixture f;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted();
  }

  private void failAll(Operation operation, Fault fault) {
    f.backing.fail(operation, 0, SIZE, fault);
  }

  /** Lets so many seconds pass, with a turn of housekeeping in each. */
  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      f.clock.sleepNanos(SECOND);
      f.engine.housekeeping();
    }
  }

  private void assertNothingSpent() {
    assertThat(f.engine.status().spareUsed()).isZero();
    assertThat(f.engine.status().pendingBlocks()).isZero();
    assertThat(f.engine.status().remappedBlocks()).isZero();
  }

  private void assertState(EngineState state, String reason) {
    assertThat(f.engine.status().state()).isEqualTo(state);
    assertThat(f.engine.status().reason()).contains(reason);
  }

  @ParameterizedTest
  @EnumSource(names = {"TRANSPORT", "TIMEOUT"})
  void shouldSpendNothingAndResumeWhenTheBackingIsGoneForAWhile(Fault fault) throws Exception {
    failAll(Operation.READ, fault);
    failAll(Operation.WRITE, fault);
    for (int block = 0; block < BLOCKS; block += 5) {
      int each = block;
      assertThatThrownBy(() -> f.readBlock(each)).isInstanceOf(TransportErrorException.class);
      assertThatThrownBy(() -> f.writeBlock(each, (byte) 1))
          .isInstanceOf(TransportErrorException.class);
    }
    pass(120);
    assertState(EngineState.SUSPENDED, "does not answer");
    assertNothingSpent();
    assertThat(f.count(Kind.SUSPENDED)).isEqualTo(1);
    f.backing.heal();
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    assertNothingSpent();
  }

  @Test
  void shouldAskADeadBackingMoreAndMoreSeldom() {
    failAll(Operation.READ, Fault.TRANSPORT);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(TransportErrorException.class);
    pass(60);
    long before = f.backing.reads();
    pass(160);
    // Sixteen places are tried at each of the ten probes.
    assertThat(f.backing.reads() - before).isBetween(16L, 11 * 16L);
  }

  @Test
  void shouldNotSayEachSecondThatACableIsLooseAgain() {
    for (int i = 0; i < 300; i++) {
      failAll(Operation.READ, Fault.TRANSPORT);
      assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(TransportErrorException.class);
      pass(1);
      f.backing.heal();
      pass(2);
    }
    assertThat(f.count(Kind.SUSPENDED)).isBetween(10L, 900 / 16 + 10L);
    assertThat(f.count(Kind.RESUMED)).isLessThanOrEqualTo(f.count(Kind.SUSPENDED));
  }

  @ParameterizedTest
  @EnumSource(names = {"READ_ONLY", "NO_SPACE", "TIMEOUT"})
  void shouldWaitForAWriteThatIsTakenWhenOnlyWritesFail(Fault fault) throws Exception {
    failAll(Operation.WRITE, fault);
    for (int i = 0; i < 300; i++) {
      int block = i % BLOCKS;
      assertThatThrownBy(() -> f.writeBlock(block, (byte) 1))
          .isInstanceOf(TransportErrorException.class);
      pass(1);
    }
    assertState(EngineState.SUSPENDED, "takes no writes");
    assertThat(f.count(Kind.SUSPENDED)).isEqualTo(1);
    assertThat(f.count(Kind.RESUMED)).isZero();
    assertNothingSpent();
    assertThat(f.readBlock(7)).isEqualTo(filled(BLOCK, stamp(7)));

    f.backing.heal();
    pass(60);
    assertState(EngineState.SUSPENDED, "takes no writes"); // no read can tell
    f.writeBlock(5, (byte) 9);
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 9));
  }

  @Test
  void shouldStillSalvageForTheReaderWhenTheBackingTakesNoWrites() throws Exception {
    failAll(Operation.WRITE, Fault.READ_ONLY);
    assertThatThrownBy(() -> f.writeBlock(5, (byte) 1)).isInstanceOf(TransportErrorException.class);
    f.backing.fail(Operation.READ, 9L * BLOCK, BLOCK, Fault.MEDIUM, 3);
    f.failReads(12, 1);
    assertThat(f.readBlock(9)).isEqualTo(filled(BLOCK, stamp(9)));
    assertThatThrownBy(() -> f.readBlock(12)).isInstanceOf(BlockDeviceException.class);
    assertNothingSpent();
  }

  @Test
  void shouldStopForGoodWhenTheMediumRefusesEveryWrite() throws Exception {
    f = EngineFixture.formatted(EngineFixture.LARGE_SPARE_BYTES);
    failAll(Operation.WRITE, Fault.MEDIUM);
    long spent = 0;
    for (int i = 0; i < 600; i++) {
      int block = i * 37 % BLOCKS;
      try {
        f.writeBlock(block, (byte) 1);
      } catch (BlockDeviceException e) {
        // Passed on once suspended.
      }
      pass(i < 160 ? 0 : 1);
      spent = i == 200 ? f.engine.status().spareUsed() : spent;
    }
    assertState(EngineState.SUSPENDED, "takes no writes: they are refused all over the disk");
    assertThat(spent).isEqualTo(128);
    assertThat(f.engine.status().spareUsed()).isEqualTo(spent);
    assertThat(f.count(Kind.SUSPENDED)).isEqualTo(1);
    assertThat(f.count(Kind.RESUMED)).isZero();
    f.backing.heal();
    f.writeBlock(250, (byte) 3);
    pass(17);
    assertState(EngineState.HEALTHY, "");
  }

  @Test
  void shouldSayTheDeviceIsGoneWhenWritesFailAndNothingAnswersEither() {
    failAll(Operation.WRITE, Fault.TRANSPORT);
    failAll(Operation.READ, Fault.MEDIUM);
    assertThatThrownBy(() -> f.writeBlock(5, (byte) 1)).isInstanceOf(TransportErrorException.class);
    assertState(EngineState.SUSPENDED, "does not answer");
    f.backing.heal();
    pass(17);
    assertState(EngineState.HEALTHY, ""); // a read was what failed, so a read can tell
  }

  @Test
  void shouldPassAPendingBlocksWriteErrorOnWhenItIsTheTransports() throws Exception {
    f.with(EngineOptions.PendingWrite.REWRITE, EngineOptions.Unreadable.EIO);
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(BlockDeviceException.class);
    failAll(Operation.WRITE, Fault.READ_ONLY);
    assertThatThrownBy(() -> f.writeBlock(5, (byte) 1)).isInstanceOf(TransportErrorException.class);
    assertThat(f.engine.status().spareUsed()).isZero();
    assertThat(f.engine.status().pendingBlocks()).isEqualTo(1);
  }

  @Test
  void shouldSayWhereItEndsAndLoseNothingWhenTheBackingIsCutShort() throws Exception {
    long end = SIZE / 2;
    f.backing.cutAt(end);
    // As a loop device over a truncated file answers: EIO behind the end, all else is well.
    f.backing.fail(Operation.READ, end, SIZE - end, Fault.MEDIUM);
    assertThatThrownBy(() -> f.readBlock(BLOCKS - 3)).isInstanceOf(BlockDeviceException.class);
    assertState(EngineState.SUSPENDED, "ended at byte " + end + ", was " + SIZE);
    assertNothingSpent();
    pass(120);
    assertThat(f.count(Kind.SUSPENDED)).isEqualTo(1);
    assertThat(f.readBlock(3)).isEqualTo(filled(BLOCK, stamp(3)));

    f.backing.heal();
    f.backing.cutAt(SIZE);
    pass(17);
    assertState(EngineState.HEALTHY, "");
    assertThat(f.events.get(f.events.size() - 1).message())
        .contains("what lies behind byte " + end + " was cut off");
    assertThat(f.readBlock(BLOCKS - 3)).isEqualTo(filled(BLOCK, stamp(BLOCKS - 3)));
  }

  @Test
  void shouldNoticeWithoutARequestWhenTheBackingIsCutShortOrGone() {
    f.backing.cutAt(SIZE / 4);
    pass(1);
    assertState(EngineState.SUSPENDED, "ended at byte " + SIZE / 4 + ", was " + SIZE);
    f.backing.cutAt(0);
    pass(17);
    assertState(EngineState.SUSPENDED, "is gone");
  }

  @Test
  void shouldStayAnErrorWhenAFlushOfTheBackingFailedOnce() throws Exception {
    f.writeBlock(5, (byte) 2);
    f.backing.failFlushes(Fault.TIMEOUT, 1);
    assertThatThrownBy(f.engine::flush).isInstanceOf(TransportErrorException.class);
    f.backing.heal();
    pass(120);
    assertThatThrownBy(f.engine::flush).isInstanceOf(BlockDeviceException.class);
    assertState(EngineState.EMERGENCY, "a flush failed");
    assertThat(f.count(Kind.FLUSH_FAILED)).isEqualTo(1);
    assertNothingSpent();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 2));
  }
}
