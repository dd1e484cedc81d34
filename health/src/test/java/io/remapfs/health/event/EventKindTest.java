package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineEvent;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EventKindTest {
  @ParameterizedTest
  @EnumSource
  void shouldCallEachKindOfTheEngineByItsName(EngineEvent.Kind kind) {
    assertThat(EventKind.of(kind).name()).isEqualTo(kind.name());
  }

  @ParameterizedTest
  @EnumSource
  void shouldFindEachKindByItsCodeAndItsName(EventKind kind) {
    assertThat(EventKind.ofCode(kind.code())).isEqualTo(kind);
    assertThat(EventKind.named(kind.name().toLowerCase(java.util.Locale.ROOT))).contains(kind);
  }

  @Test
  void shouldStoreEachKindUnderACodeOfItsOwn() {
    assertThat(Arrays.stream(EventKind.values()).map(EventKind::code)).doesNotHaveDuplicates();
  }

  @Test
  void shouldSayThatACodeOfANewerVersionIsUnknown() {
    assertThat(EventKind.ofCode(9999)).isEqualTo(EventKind.UNKNOWN);
  }
}
