package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class InitNegotiationTest {
  private static final int EVERYTHING = -1;

  private static ByteBuffer libfusesAnswer() {
    ByteBuffer answer = ByteBuffer.allocate(FuseProtocol.INIT_OUT_BYTES);
    answer.order(ByteOrder.nativeOrder());
    answer.putInt(0, 7).putInt(FuseProtocol.INIT_OUT_MINOR, 19).putInt(8, 131_072);
    answer.putInt(FuseProtocol.INIT_OUT_FLAGS, 0xffff);
    answer.putInt(FuseProtocol.INIT_OUT_MAX_WRITE, 131_072);
    return answer;
  }

  @Test
  void shouldAskForDepthAndLengthWhenTheKernelOffersEverything() {
    ByteBuffer answer = libfusesAnswer();
    InitNegotiation.improve(answer, 45, EVERYTHING, EVERYTHING, InitWishes.USUAL);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_MINOR)).isEqualTo(31);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_FLAGS)).isEqualTo(0x40448021);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_FLAGS2)).isEqualTo(0x10);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_MAX_WRITE)).isEqualTo(1 << 20);
    assertThat(answer.getShort(FuseProtocol.INIT_OUT_MAX_PAGES)).isEqualTo((short) 256);
    assertThat(answer.getShort(FuseProtocol.INIT_OUT_MAX_BACKGROUND)).isEqualTo((short) 64);
    assertThat(answer.getInt(8)).as("max_readahead stays").isEqualTo(131_072);
  }

  @Test
  void shouldAskForQueuesOnlyWhereTheSessionHasThem() {
    ByteBuffer answer = libfusesAnswer();
    InitWishes wishes = InitWishes.overUring(1 << 18);
    int agreed = InitNegotiation.improve(answer, 45, EVERYTHING, EVERYTHING, wishes);
    assertThat(agreed).isEqualTo(0x210);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_FLAGS2)).isEqualTo(0x210);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_MAX_WRITE)).isEqualTo(1 << 18);
    assertThat(answer.getShort(FuseProtocol.INIT_OUT_MAX_PAGES)).isEqualTo((short) 65);
    assertThat(wishes.payloadBytes()).isEqualTo(65 * 4096);
    assertThat(InitNegotiation.improve(answer, 45, EVERYTHING, 0x10, wishes)).isEqualTo(0x10);
  }

  @Test
  void shouldAskForNothingThatTheKernelDoesNotOffer() {
    ByteBuffer answer = libfusesAnswer();
    InitNegotiation.improve(answer, 23, FuseProtocol.ASYNC_READ, EVERYTHING, InitWishes.USUAL);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_MINOR)).isEqualTo(23);
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_FLAGS)).isEqualTo(FuseProtocol.ASYNC_READ);
    assertThat(answer.getShort(FuseProtocol.INIT_OUT_MAX_PAGES)).isZero();
    assertThat(answer.getInt(FuseProtocol.INIT_OUT_FLAGS2)).isZero();
  }

  @Test
  void shouldLeaveLibfusesAnswerWhenTheKernelIsOld() {
    assertThat(InitNegotiation.isFor(7, 22)).isFalse();
    assertThat(InitNegotiation.isFor(7, 23)).isTrue();
    assertThat(InitNegotiation.isFor(8, 30)).isFalse();
  }
}
