package io.remapfs.mount.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DaemonUserTest {
  @Test
  void shouldTakeTheUsersOwnGroupWhenOnlyANameIsGiven() throws RefusedException {
    DaemonUser user = DaemonUser.parse("daemon");

    assertThat(user).isEqualTo(new DaemonUser("daemon", 1, 1));
    assertThat(user).hasToString("daemon (uid 1, gid 1)");
  }

  @ParameterizedTest
  @CsvSource({
    "1, daemon, 1, 1",
    "daemon:7, daemon, 1, 7",
    "1:daemon, daemon, 1, 1",
    "54321:12345, 54321, 54321, 12345",
    "4294967294:1, 4294967294, -2, 1"
  })
  void shouldUnderstandNamesAndNumbersWhenTheyAreMixed(
      String specification, String name, int uid, int gid) throws RefusedException {
    assertThat(DaemonUser.parse(specification)).isEqualTo(new DaemonUser(name, uid, gid));
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "0", "0:1", "daemon:root", "daemon:0", "54321:0"})
  void shouldRefuseWhenSomethingOfRootsWouldBeKept(String specification) {
    assertRefuses(specification, "would keep root's");
  }

  /** 2^32 - 1 means "leave it as it is" to setresuid: root would stay. */
  @ParameterizedTest
  @ValueSource(strings = {"4294967295", "4294967296", "9999999999", "1:4294967295"})
  void shouldRefuseWhenAnIdMeansNoUser(String specification) {
    assertRefuses(specification, "too large");
  }

  @ParameterizedTest
  @CsvSource({
    "no-such-user-here, there is no user no-such-user-here",
    "-1, there is no user -1",
    "99999999999, there is no user 99999999999",
    "daemon:no-such-group, there is no group no-such-group",
    "daemon:-1, there is no group -1",
    "54321, its group must be named",
    "'', not understood",
    ":, not understood",
    "daemon:, not understood",
    ":daemon, not understood",
    "daemon:1:2, not understood"
  })
  void shouldSayWhatIsWrongWhenNobodyIsNamed(String specification, String sentence) {
    assertRefuses(specification, sentence);
  }

  private static void assertRefuses(String specification, String sentence) {
    assertThatThrownBy(() -> DaemonUser.parse(specification))
        .hasMessageContaining(sentence)
        .isInstanceOfSatisfying(
            RefusedException.class,
            refusal -> assertThat(refusal.exitCode()).isEqualTo(ExitCode.USAGE));
  }
}
