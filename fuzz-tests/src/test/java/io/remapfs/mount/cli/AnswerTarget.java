package io.remapfs.mount.cli;

import io.remapfs.fuzz.Expect;
import io.remapfs.mount.preflight.RefusedException;
import java.util.Map;

/**
 * The input is what the command line reads from a mount point: an answer of {@code control}, or
 * {@code status.json}. Whoever may mount may answer anything there.
 */
public final class AnswerTarget {
  private static final long ANSWER_BYTES = 4 << 20;

  static {
    run("{\"ok\":true}".getBytes(java.nio.charset.StandardCharsets.US_ASCII)); // Loads classes.
  }

  private AnswerTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Expect.allocatingAtMost(ANSWER_BYTES, () -> run(input));
  }

  private static void run(byte[] input) {
    Map<String, Object> answer;
    try {
      answer = ControlClient.parse(input);
    } catch (RefusedException refusal) {
      return;
    }
    ControlClient.count(answer, "marked");
    try {
      Expect.that(ControlClient.number(answer, "process", "pid") > 0, "a pid");
    } catch (RefusedException refusal) {
      Expect.that(!refusal.getMessage().isEmpty(), "a refusal without a sentence");
    }
    try {
      long blocks = BlockRange.blockCount(answer);
      Expect.that(blocks >= 0 && ControlClient.blockSize(answer) <= 1 << 16, "%d blocks", blocks);
    } catch (RefusedException refusal) {
      Expect.that(!refusal.getMessage().isEmpty(), "a refusal without a sentence");
    }
    try {
      StatusCommand.codeOf(String.valueOf(answer.get("state")));
    } catch (RefusedException refusal) {
      Expect.that(!refusal.getMessage().isEmpty(), "a refusal without a sentence");
    }
  }
}
