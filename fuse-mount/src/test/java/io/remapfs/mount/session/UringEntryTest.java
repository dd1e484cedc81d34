package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel's side is played by the test, with the offsets of {@code linux/fuse.h}. */
final class UringEntryTest {
  private static final int PAYLOAD_ROOM = 8192;

  private final UringEntry entry =
      new UringEntry(
          new RingSlot.Owner() {
            @Override
            public int fd() {
              return RequestServer.IN_BUFFER;
            }

            @Override
            public void giveBack(RingSlot slot) {
              throw new AssertionError("nobody gives it back");
            }
          },
          0,
          PAYLOAD_ROOM);

  private final ByteBuffer memory =
      entry.slot.buffer.memory().bytes().duplicate().order(ByteOrder.nativeOrder());

  private void request(int operationBytes, int payloadBytes) {
    memory.putInt(0, 40 + operationBytes + payloadBytes);
    memory.putLong(8, 4711);
    for (int i = 0; i < operationBytes; i++) {
      memory.put(128 + i, (byte) (i + 1));
    }
    for (int i = 0; i < payloadBytes; i++) {
      memory.put(RequestBuffer.DATA + i, (byte) (i * 7));
    }
    memory.putInt(272, payloadBytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 40, 64, 128})
  void shouldPutARequestTogetherWhateverItsOperationIsLong(int operationBytes) {
    request(operationBytes, 300);

    assertThat(entry.assemble()).isEqualTo(40 + operationBytes + 300);

    assertThat(entry.slot.buffer.requestLong(FuseProtocol.IN_UNIQUE)).isEqualTo(4711);
    int at = RequestBuffer.REQUEST + 40;
    for (int i = 0; i < operationBytes; i++) {
      assertThat(memory.get(at + i)).isEqualTo((byte) (i + 1));
    }
    for (int i = 0; i < 300; i++) {
      assertThat(memory.get(at + operationBytes + i)).isEqualTo((byte) (i * 7));
    }
  }

  @Test
  void shouldRefuseARequestWhosePartsAreMoreThanItsWhole() {
    request(40, 100);
    memory.putInt(0, 90);
    assertThat(entry.assemble()).isZero();
  }

  @Test
  void shouldRefuseARequestThatWouldNotFit() {
    request(128, 100);
    memory.putInt(0, 40 + 128 + PAYLOAD_ROOM);
    memory.putInt(272, PAYLOAD_ROOM);
    assertThat(entry.assemble()).isZero();
  }

  @Test
  void shouldSplitTheReplyThatAHelperLeft() {
    request(40, 0);
    entry.slot.buffer.putReplyHeader(16 + 5, 0, 4711);
    entry.slot.buffer.keepReply(16 + 5);

    assertThat(entry.takeReply()).isTrue();

    assertThat(memory.getInt(0)).isEqualTo(21);
    assertThat(memory.getInt(4)).isZero();
    assertThat(memory.getLong(8)).isEqualTo(4711);
    assertThat(memory.getInt(272)).isEqualTo(5);
    assertThat(entry.takeReply()).as("a second time").isFalse();
  }

  @Test
  void shouldAnswerAWriteInItsPayload() {
    request(40, 4096);
    entry.putWritten(4096);
    assertThat(memory.getInt(0)).isEqualTo(24);
    assertThat(memory.getInt(272)).isEqualTo(8);
    assertThat(memory.getLong(RequestBuffer.DATA)).isEqualTo(4096);
  }
}
