package io.remapfs.engine.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs jcstress on this package in a JVM of its own, as it wants; fails on a forbidden outcome. */
@Tag("slow")
final class StressTest {
  @TempDir Path reports;

  @Test
  void shouldShowNoForbiddenOutcomeWhenStressed() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "org.openjdk.jcstress.Main",
                    "-t",
                    "io\\.remapfs\\.engine\\.stress\\..*",
                    // One JVM mode: the default tries dozens, for minutes.
                    "-jvmArgs",
                    "-XX:+UseSerialGC",
                    "-sc",
                    "false",
                    "-af",
                    "NONE",
                    "-f",
                    "1",
                    "-fsm",
                    "1",
                    "-iters",
                    "3",
                    "-time",
                    "500",
                    "-r",
                    reports.toString()))
            .directory(reports.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output)
        .containsPattern("[1-9][0-9]* planned; [1-9][0-9]* passed, 0 failed, 0 soft errs, 0 hard")
        .doesNotContain("[FAILED]", "[ERROR]");
  }
}
