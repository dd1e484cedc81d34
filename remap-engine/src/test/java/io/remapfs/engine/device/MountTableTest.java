package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountTableTest {
  private static final MountTable TABLE =
      MountTable.parse(
          List.of(
              "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
              "30 22 0:44 / /mnt/a\\040b rw,nosuid - fuse.remapfs remapfs#/d/x\\011y.img rw,user_id=34,group_id=3",
              "31 22 0:45 / /mnt/c rw master:1 propagate_from:2 - tmpfs none rw",
              "32 31 7:0 / /mnt/c rw - ext4 /dev/loop0 rw",
              "garbage"));

  @Test
  void shouldUndoTheKernelsEscapesWhenAPathHasSpaces() {
    MountTable.Mount mount = TABLE.at(Path.of("/mnt/a b")).orElseThrow();
    assertThat(mount.isRemapfs()).isTrue();
    assertThat(mount.source()).isEqualTo("remapfs#/d/x\ty.img");
  }

  @Test
  void shouldKnowWhoMadeItWhenItIsAFuseMount() {
    MountTable.Mount mount = TABLE.at(Path.of("/mnt/a b")).orElseThrow();
    assertThat(mount.isMadeBy(34)).isTrue();
    assertThat(mount.isMadeBy(3)).isFalse();
  }

  @Test
  void shouldSeeTheNewestWhenOneMountHidesAnother() {
    assertThat(TABLE.at(Path.of("/mnt/c")).orElseThrow().type()).isEqualTo("ext4");
  }

  @Test
  void shouldFindWhereADeviceIsMounted() {
    assertThat(TABLE.ofDevice("7:0").orElseThrow().mountPoint()).isEqualTo(Path.of("/mnt/c"));
    assertThat(TABLE.ofDevice("7:1")).isEmpty();
  }

  @Test
  void shouldTellAFileSystemThatTakesWritesWhenTheMountItselfDoesNot() {
    MountTable table =
        MountTable.parse(
            List.of(
                "30 22 8:1 / /mnt/a ro - ext4 /dev/sda1 rw,errors=continue",
                "31 22 8:2 / /mnt/b rw - ext4 /dev/sda2 ro,norecovery"));

    assertThat(table.at(Path.of("/mnt/a")).orElseThrow().writable()).isTrue();
    assertThat(table.at(Path.of("/mnt/b")).orElseThrow().writable()).isFalse();
  }

  @Test
  void shouldReadTheRealTable() throws Exception {
    assertThat(MountTable.read().at(Path.of("/proc"))).isPresent();
  }
}
