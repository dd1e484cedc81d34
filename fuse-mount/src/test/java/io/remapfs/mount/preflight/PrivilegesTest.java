package io.remapfs.mount.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.posix.Posix;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PrivilegesTest {
  private static final DaemonUser USER = new DaemonUser("backup", 34, 33);
  private static final Privileges DROPPED = new Privileges(Set.of(34), Set.of(33), 0, true, false);

  @Test
  void shouldBeOnlyTheUsersWhenNothingElseIsLeft() {
    assertThat(DROPPED.areOnlyThoseOf(USER)).isTrue();
    assertThat(DROPPED.describe())
        .isEqualTo("no capabilities, none can be gained, memory closed to others");
  }

  @Test
  void shouldNotBeOnlyTheUsersWhenOneThreadKeepsSomething() {
    assertThat(new Privileges(Set.of(34, 0), Set.of(33), 0, true, false).areOnlyThoseOf(USER))
        .as("an id")
        .isFalse();
    assertThat(new Privileges(Set.of(34), Set.of(33, 0), 0, true, false).areOnlyThoseOf(USER))
        .as("a group")
        .isFalse();
    assertThat(new Privileges(Set.of(34), Set.of(33), 1, true, false).areOnlyThoseOf(USER))
        .as("a capability")
        .isFalse();
    assertThat(new Privileges(Set.of(34), Set.of(33), 0, false, false).areOnlyThoseOf(USER))
        .as("a way to gain one")
        .isFalse();
    assertThat(new Privileges(Set.of(34), Set.of(33), 0, true, true).areOnlyThoseOf(USER))
        .as("its memory")
        .isFalse();
  }

  @Test
  void shouldSeeTheIdsOfThisProcessWhenItLooksAtItsThreads() {
    Privileges mine = Privileges.ofAllThreads();

    assertThat(mine.uids()).contains(Posix.effectiveUid());
    assertThat(mine.gids()).contains(Posix.effectiveGid());
  }
}
