package io.remapfs.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every seed, and every input that was once a finding, through its target. */
final class CorpusReplayTest {
  @ParameterizedTest
  @EnumSource(FuzzTarget.class)
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void shouldThrowNothingUndeclaredWhenCorpusIsReplayed(FuzzTarget target) throws Throwable {
    target.feed(new byte[0]);
    List<Path> seeds = seeds(target);
    assertThat(seeds).isNotEmpty();
    for (Path seed : seeds) {
      try {
        target.feed(Files.readAllBytes(seed));
      } catch (Throwable finding) {
        throw new AssertionError(target + " fails with the input " + seed, finding);
      }
    }
  }

  private static List<Path> seeds(FuzzTarget target) throws IOException {
    try (Stream<Path> files = Files.list(target.corpus())) {
      return files.sorted().toList();
    }
  }
}
