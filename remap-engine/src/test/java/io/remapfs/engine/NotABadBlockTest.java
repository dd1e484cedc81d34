package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Errors that tell of no bad block: what must not be spent, what is said, and how it ends. */
final class NotABadBlockTest {
  private EngineFixture f;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted();
  }

  private void fillTheSpare() {
    f.spare.fail(Operation.WRITE, 0, f.spare.sizeBytes(), Fault.NO_SPACE);
  }

  @Test
  void shouldSpendAndBurnNoSlotWhenTheSparesFileSystemIsFull() {
    f.failWrites(5, 1);
    fillTheSpare();
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> f.writeBlock(5, (byte) 77)).isInstanceOf(MediumErrorException.class);
    }
    EngineStatus status = f.engine.status();
    assertThat(status.state()).isEqualTo(EngineState.EMERGENCY);
    assertThat(status.spareUsed()).isZero();
    assertThat(status.spareBurnt()).isZero();
    assertThat(status.pendingBlocks()).isZero();
    assertThat(f.count(Kind.EMERGENCY)).isEqualTo(1);
  }

  @Test
  void shouldMoveBlocksAgainWhenTheSparesFileSystemHasSpaceAgain() throws Exception {
    f.failWrites(5, 1);
    fillTheSpare();
    assertThatThrownBy(() -> f.writeBlock(5, (byte) 77)).isInstanceOf(MediumErrorException.class);
    f.spare.heal();
    f.writeBlock(5, (byte) 78);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 78));
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    assertThat(f.engine.status().spareUsed()).isEqualTo(1);
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
    f.open(Access.READ_WRITE);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 78));
  }

  @Test
  void shouldServeWhatIsMovedAlreadyWhenTheSparesFileSystemIsFull() throws Exception {
    f.failWrites(5, 1);
    f.writeBlock(5, (byte) 77);
    fillTheSpare();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, stamp(6)));
    f.writeBlock(6, (byte) 1);
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, (byte) 1));
  }

  @Test
  void shouldEndSuspensionWhenTheBackingIsBack() throws Exception {
    f.backing.fail(Operation.READ, 0, f.backing.sizeBytes(), Fault.TRANSPORT);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(TransportErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.SUSPENDED);
    f.backing.heal();
    f.engine.housekeeping();
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    assertThat(f.count(Kind.RESUMED)).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    assertThat(f.engine.status().spareUsed()).isZero();
  }
}
