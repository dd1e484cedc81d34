package io.remapfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Coverage-guided fuzzing of every target with Jazzer, each in a process of its own.
 *
 * <p>Without more said, the budget is fixed: so many inputs, from a fixed seed and the corpus
 * alone, so that the same code meets the same inputs each time. {@code -Dfuzz.seconds=} searches
 * on, with another seed each time and with what earlier searches kept in {@code target/fuzz};
 * {@code -Dfuzz.target=} names one target.
 *
 * <p>{@link Expect} bounds what an input may allocate and the processor's time it may take. Where
 * it takes neither, a hang is told by {@value #HANG_SECONDS} seconds, which the first input, with
 * all classes to be instrumented, does not need even on a machine that is very busy.
 */
@Tag("fuzz")
final class FuzzingTest {
  private static final Pattern EXECUTED =
      Pattern.compile("stat::number_of_executed_units: *([0-9]+)");

  private static final int SEED = 20_26;

  /** Where the machine is too busy for the fixed budget, what was reached by then must do. */
  private static final int FIXED_BUDGET_SECONDS = 60;

  private static final int HANG_SECONDS = 120;

  /** To start, to replay the corpus and to end, on a machine that is busy with other tests. */
  private static final int OVERHEAD_SECONDS = 300;

  private static final int SHOWN_CHARACTERS = 6000;

  @ParameterizedTest
  @EnumSource(FuzzTarget.class)
  void shouldThrowNothingUndeclaredWhenInputsAreSearchedFor(FuzzTarget target)
      throws IOException, InterruptedException {
    String wanted = System.getProperty("fuzz.target", "");
    assumeTrue(wanted.isEmpty() || wanted.equalsIgnoreCase(target.name()), "another is wanted");
    int seconds = Integer.getInteger("fuzz.seconds", 0);
    int mostSeconds = seconds > 0 ? seconds : FIXED_BUDGET_SECONDS;
    Path work = Files.createDirectories(Path.of("target/fuzz", target.name()).toAbsolutePath());
    Path log = work.resolve("log.txt");
    Process jazzer =
        new ProcessBuilder(command(target, seconds, work))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      boolean ended = jazzer.waitFor((long) mostSeconds + OVERHEAD_SECONDS, TimeUnit.SECONDS);
      String output = Files.readString(log, UTF_8);
      String end = output.substring(Math.max(0, output.length() - SHOWN_CHARACTERS));
      assertThat(ended).as("%s ends; %s: %s", target, log, end).isTrue();
      assertThat(jazzer.exitValue())
          .as(
              "%s found something; the input is in %s and belongs into %s: %s",
              target, work, target.corpus(), end)
          .isZero();
      Matcher executed = EXECUTED.matcher(output);
      assertThat(executed.find()).as("Jazzer did run: %s", end).isTrue();
      System.out.println("Fuzzed " + target + " with " + executed.group(1) + " inputs");
    } finally {
      jazzer.destroyForcibly();
    }
  }

  /** With {@code seconds} of 0, the fixed budget. */
  private static List<String> command(FuzzTarget target, int seconds, Path work)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-Dfuzz.instrumented=true"));
    if (seconds <= 30) {
      command.add("-XX:TieredStopAtLevel=1"); // In a short run, the better compiler never pays.
    }
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target.className());
    command.add("--instrumentation_includes=io.remapfs.**");
    command.add("--custom_hook_includes=io.remapfs.**");
    command.add("--reproducer_path=" + work);
    if (seconds > 0) {
      command.add("-max_total_time=" + seconds);
    } else {
      command.add("-runs=" + target.runs());
      command.add("-seed=" + SEED);
      command.add("-max_total_time=" + FIXED_BUDGET_SECONDS);
    }
    command.add("-timeout=" + HANG_SECONDS);
    command.add("-max_len=" + FuzzTarget.MAX_INPUT_BYTES);
    command.add("-print_final_stats=1");
    command.add("-artifact_prefix=" + work + "/");
    if (seconds > 0) {
      command.add(Files.createDirectories(work.resolve("corpus")).toString());
    } else {
      command.add(Files.createTempDirectory(work, "fixed").toString()); // An empty one each time.
    }
    command.add(target.corpus().toAbsolutePath().toString());
    return command;
  }
}
