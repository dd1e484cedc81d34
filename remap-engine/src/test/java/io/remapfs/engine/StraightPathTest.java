package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.BLOCKS;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a worker gets that transfers by itself: here the test is the worker, and the ring. */
@Timeout(60)
final class StraightPathTest {
  private static final int DESCRIPTOR = 7;
  private static final int SPARE_DESCRIPTOR = 8;
  private static final long AT = 5L * BLOCK;

  private final IoBuffer buffer = IoBuffer.allocate(4 * BLOCK);
  private final TransferPlace place = new TransferPlace();
  private EngineFixture f;
  private StraightPath path;

  @BeforeEach
  void open() throws IOException {
    f = EngineFixture.formatted();
    f.backing.setDescriptor(DESCRIPTOR);
    f.spare.setDescriptor(SPARE_DESCRIPTOR);
    path = f.engine.straightPath();
  }

  private byte[] inBuffer() {
    byte[] copy = new byte[BLOCK];
    buffer.bytes().get(0, copy);
    return copy;
  }

  private void fillBuffer(int value) {
    buffer.bytes().put(0, filled(BLOCK, (byte) value));
  }

  /** On a thread of its own: a guard that nobody leaves is waited for without an end. */
  private CompletableFuture<RemapResult> mover(long blockIndex) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return f.engine.remap(blockIndex);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private boolean moves(long blockIndex) throws Exception {
    return mover(blockIndex).get(10, TimeUnit.SECONDS).moved();
  }

  @Test
  void shouldGiveTheBackingAndCountWhenAReadIsHealthy() {
    assertThat(path.enterRead(AT, buffer, 0, 2 * BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);

    assertThat(f.engine.status().reads()).isEqualTo(1);
    assertThat(f.engine.status().readBytes()).isEqualTo(2 * BLOCK);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void shouldRefuseAndHoldNothingWhenOneBlockOfTheRangeHasMoved(int firstBlock) throws Exception {
    f.engine.remap(5);
    long reads = f.engine.status().reads();

    assertThat(path.enterRead(firstBlock * (long) BLOCK, buffer, 0, 2 * BLOCK, place)).isFalse();
    assertThat(path.enterWrite(firstBlock * (long) BLOCK, buffer, 0, 2 * BLOCK, place)).isFalse();

    assertThat(f.engine.status().reads()).isEqualTo(reads);
    assertThat(f.engine.status().writes()).isZero();
    assertThat(moves(4)).isTrue(); // Would wait for ever for a write that was not left.
  }

  @Test
  void shouldGiveTheSlotWhenAReadIsOfAMovedBlock() throws Exception {
    f.engine.remap(5);

    assertThat(path.enterRead(AT, buffer, 0, BLOCK, place)).isTrue();

    assertThat(place.descriptor()).isEqualTo(SPARE_DESCRIPTOR);
    assertThat(place.isOnSpare()).isTrue();
    f.spare.read(place.byteOffset(), buffer, 0, BLOCK);
    assertThat(inBuffer()).isEqualTo(filled(BLOCK, stamp(5)));
  }

  @Test
  void shouldGiveTheRightSectorsWhenAReadIsOfPartOfAMovedBlock() throws Exception {
    f.engine.remap(5);
    assertThat(path.enterRead(AT, buffer, 0, BLOCK, place)).isTrue();
    long slotOffset = place.byteOffset();

    assertThat(path.enterRead(AT + 512, buffer, 512, 1024, place)).isTrue();

    assertThat(place.byteOffset()).isEqualTo(slotOffset + 512);
  }

  @Test
  void shouldGiveTheSlotsWhenMovedBlocksLieTogetherThere() throws Exception {
    f.engine.remap(5);
    f.engine.remap(6);
    f.engine.remap(8);

    assertThat(path.enterRead(AT, buffer, 0, 2 * BLOCK, place)).isTrue();
    assertThat(place.isOnSpare()).isTrue();
    assertThat(path.enterRead(AT, buffer, 0, 4 * BLOCK, place)).isFalse();
  }

  @Test
  void shouldWriteToTheSlotAndCountNoWriteOfTheDiskWhenABlockHasMoved() throws Exception {
    f.engine.remap(5);
    fillBuffer(77);

    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(SPARE_DESCRIPTOR);
    f.spare.write(place.byteOffset(), buffer, 0, BLOCK);
    path.leaveWrite(AT, BLOCK, place);

    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(moves(6)).isTrue(); // Of the same stripe: it is free.
  }

  @Test
  void shouldRefuseWhenABlockIsLost() throws Exception {
    f.failReads(5, 1);
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(IOException.class);

    assertThat(path.enterRead(AT, buffer, 0, BLOCK, place)).isFalse();
    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isFalse();
  }

  @Test
  void shouldRefuseWhenARangeIsNotAligned() {
    assertThat(path.enterRead(AT + 1, buffer, 0, 512, place)).isFalse();
    assertThat(path.enterRead(AT, buffer, 16, 512, place)).isFalse();
    assertThat(path.enterWrite(AT, buffer, 0, 100, place)).isFalse();
  }

  @Test
  void shouldRefuseAndHoldNothingWhenTheDeviceHasNoDescriptor() throws Exception {
    f.backing.setDescriptor(-1);

    assertThat(path.enterRead(AT, buffer, 0, BLOCK, place)).isFalse();
    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isFalse();

    assertThat(moves(5)).isTrue();
  }

  @Test
  void shouldRefuseWritesWhenMountedReadOnly() throws Exception {
    f.open(Access.READ_ONLY);

    assertThat(f.engine.straightPath().enterWrite(AT, buffer, 0, BLOCK, place)).isFalse();
    assertThat(f.engine.straightPath().enterRead(AT, buffer, 0, BLOCK, place)).isTrue();
  }

  @Test
  void shouldKeepAMoverOutUntilTheWriteIsLeft() throws Exception {
    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);
    CompletableFuture<RemapResult> mover = mover(5);
    assertThatThrownBy(() -> mover.get(200, TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);

    fillBuffer(77);
    f.backing.write(AT, buffer, 0, BLOCK);
    path.leaveWrite(AT, BLOCK, place);

    assertThat(mover.get(30, TimeUnit.SECONDS).moved()).isTrue();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(f.engine.status().writes()).isEqualTo(1);
  }

  @Test
  void shouldNotWaitForAMoverWhenItIsInTheRange() throws Exception {
    boolean[] entered = {true};
    f.spare.setHook(
        (operation, byteOffset, length) ->
            entered[0] = path.enterWrite(AT, buffer, 0, BLOCK, place));

    f.engine.remap(5);

    assertThat(entered[0]).isFalse();
  }

  @Test
  void shouldSalvageWhenAnEnteredReadHasFailed() throws Exception {
    assertThat(path.enterRead(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);

    path.readAfterFailure(AT, buffer, 0, BLOCK);

    assertThat(inBuffer()).isEqualTo(filled(BLOCK, stamp(5)));
    assertThat(f.engine.status().reads()).isEqualTo(1);
    assertThat(f.engine.status().readErrors()).isZero();
  }

  @Test
  void shouldDeclareTheBlockLostWhenAnEnteredReadKeepsFailing() throws Exception {
    f.failReads(5, 1);
    assertThat(path.enterRead(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);

    assertThatThrownBy(() -> path.readAfterFailure(AT, buffer, 0, BLOCK))
        .isInstanceOf(MediumErrorException.class);

    assertThat(f.engine.status().pendingBlocks()).isEqualTo(1);
    assertThat(f.engine.status().readErrors()).isEqualTo(1);
  }

  @Test
  void shouldRelocateAndLeaveWhenAnEnteredWriteHasFailed() throws Exception {
    f.failWrites(5, 1);
    fillBuffer(77);
    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);

    path.leaveFailedWrite(AT, BLOCK);
    path.writeAfterFailure(AT, buffer, 0, BLOCK);

    assertThat(f.engine.status().remappedBlocks()).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
    assertThat(f.engine.status().writes()).isEqualTo(1);
    assertThat(moves(6)).isTrue(); // Of the same stripe: it is free.
  }

  @Test
  void shouldLeaveAndCountWhenAnEnteredWriteFindsNoPlace() throws Exception {
    f.failWrites(0, BLOCKS);
    f.spare.fail(
        io.remapfs.engine.device.CrashableDevice.Operation.WRITE,
        0,
        f.spare.sizeBytes(),
        io.remapfs.engine.device.CrashableDevice.Fault.MEDIUM);
    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);

    path.leaveFailedWrite(AT, BLOCK);
    assertThatThrownBy(() -> path.writeAfterFailure(AT, buffer, 0, BLOCK))
        .isInstanceOf(IOException.class);

    assertThat(f.engine.status().writeErrors()).isEqualTo(1);
    f.backing.setHook((operation, byteOffset, length) -> {});
    assertThat(path.enterWrite(AT, buffer, 0, BLOCK, place)).isTrue();
    assertThat(place.descriptor()).isEqualTo(DESCRIPTOR);
  }
}
