package io.remapfs.mount.control;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.BlockRun;
import io.remapfs.engine.MarkReport;
import io.remapfs.engine.RemapResult;
import io.remapfs.engine.UnmapReport;
import io.remapfs.engine.VerifyReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.engine.table.Target;
import io.remapfs.fuzz.Expect;
import io.remapfs.health.scan.ScanStatus;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The input is what somebody wrote to {@code control}, of an image of 1000 blocks. */
public final class ControlTarget {
  private static final long BLOCKS = 1000;

  /** An answer may hold the path that a command named, each byte as an escape of six. */
  private static final int LONGEST_ANSWER_BYTES = 6 * ControlParser.MAX_COMMAND_BYTES + 2048;

  /** Words, pattern matching and JSON; and no more for a longer command, which is refused. */
  private static final long COMMAND_BYTES = 1 << 20;

  private static final ControlInterpreter INTERPRETER = new ControlInterpreter(new Actions());

  static {
    run("status".getBytes(StandardCharsets.US_ASCII)); // The first answer loads classes.
    run("x".getBytes(StandardCharsets.US_ASCII));
  }

  private ControlTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Expect.allocatingAtMost(COMMAND_BYTES, () -> run(input));
  }

  private static void run(byte[] input) {
    try {
      byte[] answer = INTERPRETER.execute(input);
      Expect.that(answer.length <= LONGEST_ANSWER_BYTES, "%d bytes of answer", answer.length);
      String text = new String(answer, StandardCharsets.UTF_8);
      Expect.that(text.indexOf('\n') == text.length() - 1, "not one line: %s", text);
      Map<String, Object> fields = JSON.std.mapFrom(text);
      Expect.that(fields.get("ok") instanceof Boolean, "no \"ok\": %s", text);
      boolean refused = Boolean.FALSE.equals(fields.get("ok"));
      Expect.that(refused == fields.get("error") instanceof String, "no sentence: %s", text);
      Expect.that(
          !text.contains(":\"the command failed unexpectedly"), "an exception got out: %s", text);
    } catch (IOException e) {
      throw new AssertionError("the answer is not JSON", e);
    }
  }

  /** Takes what a parser may pass on, and nothing else. */
  private static final class Actions implements ControlActions {
    @Override
    public long blockCount() {
      return BLOCKS;
    }

    @Override
    public Map<String, Object> status() {
      return Map.of("state", "HEALTHY");
    }

    @Override
    public RemapResult remap(long blockIndex) throws BlockDeviceException {
      Expect.that(blockIndex >= 0 && blockIndex < BLOCKS, "remap %d", blockIndex);
      if (blockIndex % 2 == 1) {
        throw new MediumErrorException("block \"" + blockIndex + "\"\n is bad", 5, 0, 4096);
      }
      return new RemapResult(blockIndex, Target.remapped(blockIndex), true);
    }

    @Override
    public VerifyReport verify(long firstBlock, long blockCount) {
      Expect.that(
          firstBlock >= 0 && blockCount > 0 && firstBlock + blockCount <= BLOCKS,
          "verify %d %d",
          firstBlock,
          blockCount);
      return new VerifyReport(firstBlock, blockCount, blockCount, 0, 0, 0);
    }

    @Override
    public UnmapReport unmap(long firstBlock, long blockCount) {
      Expect.that(
          firstBlock >= 0 && blockCount > 0 && firstBlock + blockCount <= BLOCKS,
          "unmap %d %d",
          firstBlock,
          blockCount);
      return new UnmapReport(firstBlock, blockCount, blockCount, 0, 0);
    }

    @Override
    public MarkReport markLost(List<BlockRun> runs) {
      long blocks = 0;
      for (BlockRun run : runs) {
        Expect.that(run.endBlock() <= BLOCKS, "lost %s", run);
        blocks += run.blockCount();
      }
      Expect.that(blocks > 0 && blocks <= ControlParser.MAX_VERIFY_BLOCKS, "lost %d", blocks);
      return new MarkReport(blocks, 0, 0, 0);
    }

    @Override
    public AddedSpare addSpare(SpareRequest spare) throws RefusedException {
      expectSane(spare);
      if (spare.force()) {
        throw RefusedException.refused("no \"spare\"\n like " + spare.path());
      }
      return new AddedSpare(spare.path().toString(), new UUID(1, 2), 1, 2, "old");
    }

    @Override
    public void migrate(@Nullable SpareRequest spare) {
      if (spare != null) {
        expectSane(spare);
      }
    }

    private static void expectSane(SpareRequest spare) {
      Expect.that(spare.path().isAbsolute(), "not absolute: %s", spare);
      Expect.that(
          spare.sizeBytes() >= 0 && spare.sizeBytes() <= SpareRequest.MAX_SIZE_BYTES,
          "size of %s",
          spare);
    }

    @Override
    public MigrationState migration() {
      return MigrationState.none();
    }

    @Override
    public ScanStatus scan(ScanRequest request) throws RefusedException {

      throw RefusedException.refused("there is no scan here");
    }

    @Override
    public void flush() {}
  }
}
