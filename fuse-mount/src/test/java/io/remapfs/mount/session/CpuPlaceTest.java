package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CpuPlaceTest {
  @ParameterizedTest
  @CsvSource({"0, 1", "0-1, 2", "'0-3,8', 5", "'0,2-3,64-127', 67"})
  void shouldCountWhatAListNames(String list, int count) {
    assertThat(CpuPlace.count(list)).isEqualTo(count);
  }

  @Test
  void shouldRunWhereItDidWhenThereIsNoSuchCpu() {
    CpuPlace place = new CpuPlace(8191);
    assertThat(place.keep(true)).isFalse();
    assertThat(place.keep(false)).isTrue();
  }
}
