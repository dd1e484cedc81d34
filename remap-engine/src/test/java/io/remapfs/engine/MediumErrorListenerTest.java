package io.remapfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.metadata.MetadataStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the listener hears of blocks that fail: {@link EngineListener#onMediumError}. */
class MediumErrorListenerTest {
  private static final int BLOCK = EngineFixture.BLOCK;

  private final List<String> heard = new ArrayList<>();
  private EngineFixture disk;

  MediumErrorListenerTest() throws IOException {
    disk = EngineFixture.formatted();
  }

  @BeforeEach
  void listen() throws IOException {
    MetadataStore metadata = MetadataStore.open(disk.spare.reopened(), null, Access.READ_WRITE);
    EngineListener listener =
        new EngineListener() {
          @Override
          public void onEvent(EngineEvent event) {
            disk.events.add(event);
          }

          @Override
          public void onMediumError(long blockIndex, boolean onWrite, boolean inSlot) {
            heard.add(blockIndex + (onWrite ? " write" : " read") + (inSlot ? " slot" : ""));
          }
        };
    disk.engine =
        RemapEngine.open(
            disk.backing.reopened(),
            metadata,
            disk.options,
            listener,
            Access.READ_WRITE,
            disk.clock);
  }

  @Test
  void shouldHearNothingWhenAllBlocksAreHealthy() throws BlockDeviceException {
    disk.read(0, 64 * BLOCK);
    disk.writeBlock(3, (byte) 9);
    assertThat(heard).isEmpty();
  }

  @Test
  void shouldHearOfEachLostBlockOnceWhenRequestFails() {
    disk.failReads(10, 2);
    disk.failReads(20, 1);
    assertThatThrownBy(() -> disk.read(0, 64 * BLOCK)).isInstanceOf(BlockDeviceException.class);
    assertThat(heard).containsExactly("10 read", "11 read", "20 read");
  }

  @Test
  void shouldHearNoMoreWhenBlockIsAlreadyPending() {
    disk.failReads(10, 1);
    assertThatThrownBy(() -> disk.readBlock(10)).isInstanceOf(BlockDeviceException.class);
    assertThatThrownBy(() -> disk.readBlock(10)).isInstanceOf(BlockDeviceException.class);
    assertThat(heard).containsExactly("10 read");
  }

  @Test
  void shouldHearOfBlockWhenItIsSavedByReadingAgain() throws BlockDeviceException {
    disk.backing.fail(Operation.READ, 10L * BLOCK, BLOCK, Fault.MEDIUM, 2);
    disk.readBlock(10);
    assertThat(heard).containsExactly("10 read");
  }

  @Test
  void shouldHearOfBlockWhenWriteMovesIt() throws BlockDeviceException {
    disk.failWrites(30, 2);
    disk.write(28L * BLOCK, EngineFixture.filled(6 * BLOCK, (byte) 7));
    assertThat(heard).containsExactly("30 write", "31 write");
    assertThat(disk.readBlock(31)).isEqualTo(EngineFixture.filled(BLOCK, (byte) 7));
  }

  @Test
  void shouldHearOfBlockWhenWriteIsTakenInTheEnd() throws BlockDeviceException {
    disk.backing.fail(Operation.WRITE, 30L * BLOCK, BLOCK, Fault.MEDIUM, 2);
    disk.writeBlock(30, (byte) 7);
    assertThat(heard).containsExactly("30 write");
  }

  @Test
  void shouldSayThatItWasTheSpareWhenSlotFails() throws BlockDeviceException {
    disk.failWrites(30, 1);
    disk.writeBlock(30, (byte) 7);
    heard.clear();
    disk.spare.fail(Operation.READ, 0, disk.spare.sizeBytes(), Fault.MEDIUM, 2);
    disk.readBlock(30);
    assertThat(heard).containsExactly("30 read slot");
  }

  @Test
  void shouldHearNothingWhenDeviceDoesNotAnswer() {
    disk.backing.fail(Operation.READ, 0, 256L * BLOCK, Fault.TRANSPORT);
    assertThatThrownBy(() -> disk.readBlock(10)).isInstanceOf(BlockDeviceException.class);
    assertThat(heard).isEmpty();
  }

  @Test
  void shouldHearNothingWhenNoPlaceOfTheDiskAnswers() {
    disk.failReads(0, 256);
    assertThatThrownBy(() -> disk.readBlock(10)).isInstanceOf(BlockDeviceException.class);
    assertThat(heard).isEmpty();
  }
}
