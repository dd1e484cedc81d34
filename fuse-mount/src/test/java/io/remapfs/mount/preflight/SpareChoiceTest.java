package io.remapfs.mount.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpareChoiceTest {
  @TempDir private Path directory;

  @Test
  void shouldLieBesideTheFileItselfWhenTheBackingIsALink() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("real"));
    Path disk = Files.writeString(folder.resolve("disk.img"), "x");
    Path link = Files.createSymbolicLink(directory.resolve("link"), disk);
    SpareChoice choice = SpareChoice.choose(link, false, null);
    assertThat(choice.path()).isEqualTo(folder.toRealPath().resolve("disk.img.remap"));
    assertThat(choice.exists()).isFalse();
  }

  @Test
  void shouldAskForASpareWhenTheBackingIsABlockDevice() {
    assertThatThrownBy(() -> SpareChoice.choose(Path.of("/dev/sdx"), true, null))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--spare");
  }

  @ParameterizedTest
  @CsvSource({"0, 16777216", "104857600, 16777216", "10737418240, 214761472"})
  void shouldTakeTwoPercentAndSixteenMebibytesAtLeast(long backing, long spare) {
    assertThat(SpareChoice.defaultSizeBytes(backing)).isEqualTo(spare);
  }
}
