package io.remapfs.engine;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

final class RehearsalTest {
  @Test
  void shouldEndAsARealBadBlockDoes() {
    assertThatCode(Rehearsal::run).doesNotThrowAnyException();
  }
}
