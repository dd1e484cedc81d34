package io.remapfs.mount.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HostTest {
  @Test
  void shouldNameTheOptionWhenAppArmorConfinesTheProcess() {
    assertThat(Host.confinementAdvice("docker-default (enforce)\n"))
        .contains("(docker-default)", "--security-opt apparmor=unconfined");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"unconfined\n", "docker-default (complain)\n", "", "system_u:system_r:spc_t:s0"})
  void shouldAdviseNothingWhenAppArmorForbidsNothing(String label) {
    assertThat(Host.confinementAdvice(label)).isEmpty();
  }
}
