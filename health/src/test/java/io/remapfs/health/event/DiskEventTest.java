package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskEventTest {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");

  private static DiskEvent event(String message) {
    return new DiskEvent(1L << 40, TIME, EventKind.PENDING, 1L << 36, -1, message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "block 7 cannot be read", "die Fl\u00e4che \ud83d\ude00"})
  void shouldReadBackWhatIsStored(String message) {
    byte[] stored = event(message).toStored();
    assertThat(DiskEvent.ofStored(stored)).isEqualTo(event(message));
    assertThat(DiskEvent.ofStored(Arrays.copyOf(stored, DiskEvent.MAX_STORED_BYTES + 4)))
        .isEqualTo(event(message));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "\u00e4", "\u20ac", "\ud83d\ude00"})
  void shouldCutALongMessageBetweenCharactersWhenStored(String character) {
    byte[] stored = event(character.repeat(DiskEvent.STORED_MESSAGE_BYTES + 1)).toStored();
    assertThat(stored.length).isBetween(DiskEvent.MAX_STORED_BYTES - 3, DiskEvent.MAX_STORED_BYTES);
    String message = DiskEvent.ofStored(stored).message();
    assertThat(message).endsWith("...");
    assertThat(message.replace(character, "")).isEqualTo("...");
  }

  @Test
  void shouldBoundTheMessageThatIsKeptInMemory() {
    assertThat(event("\ud83d\ude00".repeat(1000)).message())
        .hasSizeLessThanOrEqualTo(DiskEvent.MAX_MESSAGE_CHARS)
        .endsWith("\ud83d\ude00...");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1L << 56, Long.MAX_VALUE})
  void shouldRefuseANumberFromWhichNoCountCanGoOn(long sequence) {
    byte[] stored = new DiskEvent(sequence, TIME, EventKind.DRIVE, -1, -1, "hot").toStored();
    assertThatThrownBy(() -> DiskEvent.ofStored(stored))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldRefuseARecordThatEndsInItsMessage() {
    byte[] stored = event("block 7 cannot be read").toStored();
    assertThatThrownBy(() -> DiskEvent.ofStored(Arrays.copyOf(stored, stored.length - 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
