package io.remapfs.mount.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthChoiceTest {
  @TempDir private Path folder;
  private Path backing = Path.of("");
  private Path mountPoint = Path.of("");

  @BeforeEach
  void makeDisk() throws IOException {
    backing = Files.createFile(folder.resolve("disk.img"));
    mountPoint = Files.createDirectory(folder.resolve("mnt"));
  }

  private void require(Path named) throws RefusedException {
    HealthChoice.parse(named.toString()).requireUsable(List.of(backing), mountPoint);
  }

  private void refuses(Path named, String... words) {
    assertThatThrownBy(() -> require(named))
        .hasMessageContainingAll(words)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE));
  }

  @Test
  void shouldLieBesideTheFileItselfWhenNothingIsNamed() throws IOException {
    Path link = Files.createSymbolicLink(mountPoint.resolveSibling("link"), backing);
    HealthChoice choice = HealthChoice.parse(null);
    assertThat(choice.kept()).isTrue();
    assertThat(choice.fileFor(link, false, new UUID(0, 7)))
        .isEqualTo(backing.toRealPath().resolveSibling("disk.img.health"));
    assertThat(choice.fileFor(Path.of("/dev/sdx"), true, new UUID(0, 7)))
        .hasToString("/var/lib/remapfs/00000000-0000-0000-0000-000000000007.health");
  }

  @Test
  void shouldKeepNothingWhenNoneIsNamed() {
    assertThat(HealthChoice.parse("none").kept()).isFalse();
  }

  @Test
  void shouldTakeFileWhenItMayBeMade() throws RefusedException {
    require(folder.resolve("x.health"));
  }

  @Test
  void shouldRefuseNameWhenItCannotBeAHealthFile() throws IOException {
    refuses(folder.resolve("missing/x"), "missing", "create it first");
    refuses(mountPoint, "is not a regular file");
    refuses(backing, "the disk or its spare");
    refuses(Files.createLink(folder.resolve("other"), backing), "the disk or its spare");
    refuses(mountPoint.resolve("x"), "under the mount itself");
  }
}
