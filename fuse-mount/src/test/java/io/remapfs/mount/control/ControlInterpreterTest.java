package io.remapfs.mount.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.BlockRun;
import io.remapfs.engine.MarkReport;
import io.remapfs.engine.MigrationReport;
import io.remapfs.engine.RemapResult;
import io.remapfs.engine.UnmapReport;
import io.remapfs.engine.VerifyReport;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.engine.metadata.ReleasedSpares;
import io.remapfs.engine.table.Target;
import io.remapfs.health.scan.ScanStatus;
import io.remapfs.mount.control.MigrationState.Stage;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlInterpreterTest {
  private static final long BLOCKS = 100_000;

  private final List<String> done = new ArrayList<>();
  private final ControlInterpreter control = new ControlInterpreter(new Recorder());

  private final class Recorder implements ControlActions {
    @Override
    public long blockCount() {
      return BLOCKS;
    }

    @Override
    public Map<String, Object> status() {
      return Map.of("state", "HEALTHY");
    }

    @Override
    public RemapResult remap(long blockIndex) {
      if (blockIndex == 13) {
        throw new IllegalStateException("unlucky");
      }
      done.add("remap " + blockIndex);
      return new RemapResult(blockIndex, Target.remapped(3), true);
    }

    @Override
    public VerifyReport verify(long firstBlock, long blockCount) {
      done.add("verify " + firstBlock + " " + blockCount);
      return new VerifyReport(firstBlock, blockCount, blockCount - 3, 2, 1, 2);
    }

    @Override
    public UnmapReport unmap(long firstBlock, long blockCount) {
      done.add("unmap " + firstBlock + " " + blockCount);
      return new UnmapReport(firstBlock, blockCount, 3, 2, 1);
    }

    @Override
    public MarkReport markLost(List<BlockRun> runs) {
      done.add("lost " + runs);
      return new MarkReport(4, 3, 2, 1);
    }

    @Override
    public AddedSpare addSpare(SpareRequest spare) throws RefusedException {
      if (spare.path().endsWith("full")) {
        throw RefusedException.refused("there is no room");
      }
      done.add("add " + spare);
      return new AddedSpare(spare.path().toString(), new UUID(1, 2), 10, 20, "old");
    }

    @Override
    public void migrate(@Nullable SpareRequest spare) {
      done.add("migrate " + spare);
    }

    @Override
    public MigrationState migration() {
      return new MigrationState(Stage.RUNNING, 3, 4, null, "");
    }

    @Override
    public ScanStatus scan(ScanRequest request) throws RefusedException {
      done.add("scan " + request.toWords());
      throw RefusedException.refused("there is no scan here");
    }

    @Override
    public void flush() {
      done.add("flush");
    }
  }

  private Map<String, Object> ask(byte[] command) throws IOException {
    byte[] answer = control.execute(command);
    assertThat(answer).endsWith((byte) '\n');
    return JSON.std.mapFrom(answer);
  }

  private Map<String, Object> ask(String command) throws IOException {
    return ask(command.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"remap 7", "remap 7\n", "remap 7\r\n", "  remap \t 7 "})
  void shouldMoveTheBlockHoweverTheLineIsSpaced(String command) throws IOException {
    assertThat(ask(command))
        .containsEntry("ok", true)
        .containsEntry("block", 7)
        .containsEntry("moved", true)
        .containsEntry("now", "remapped to slot 3");
    assertThat(done).containsExactly("remap 7");
  }

  @Test
  void shouldVerifyFromTheStartAndNoMoreThanTheLimitWhenNoRangeIsGiven() throws IOException {
    assertThat(ask("verify")).containsEntry("ok", true).containsEntry("recovered", 2);
    assertThat(done).containsExactly("verify 0 " + ControlParser.MAX_VERIFY_BLOCKS);
  }

  @Test
  void shouldVerifyToTheEndWhenLessThanTheLimitIsLeft() throws IOException {
    ask("verify 99990");
    assertThat(done).containsExactly("verify 99990 10");
  }

  @Test
  void shouldMoveOneBlockBackUnlessACountIsGiven() throws IOException {
    assertThat(ask("unmap 7"))
        .containsEntry("unmapped", 3)
        .containsEntry("kept", 2)
        .containsEntry("lost", 1);
    ask("unmap 99990 10");
    assertThat(done).containsExactly("unmap 7 1", "unmap 99990 10");
  }

  @Test
  void shouldRecordEveryRunThatIsNamedAsLost() throws IOException {
    assertThat(ask("lost 7 2 99999 1"))
        .containsEntry("marked", 4)
        .containsEntry("known", 3)
        .containsEntry("remapped", 2)
        .containsEntry("skipped", 1);
    assertThat(done)
        .containsExactly("lost " + List.of(new BlockRun(7, 2), new BlockRun(99_999, 1)));
  }

  @Test
  void shouldTakeAsManyRunsAsACommandHasRoomFor() throws IOException {
    String longest = "lost" + " 7 1".repeat((ControlParser.MAX_COMMAND_BYTES - 4) / 4);
    assertThat(ask(longest)).containsEntry("ok", true);
    assertThat(ask(longest + " 7 1")).containsEntry("ok", false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/srv/a b", "/srv/100%", "/srv/s\u00e4ge\n", "/srv/force", "/srv/plain"})
  void shouldTakeAnyPathThatTheCommandLineWrites(String path) throws IOException {
    SpareRequest request = new SpareRequest(Path.of(path), 1 << 20, true);
    assertThat(ask("add-spare " + request.toWords()))
        .containsEntry("spare", path)
        .containsEntry("slots", 20);
    assertThat(done).containsExactly("add " + request);
  }

  @Test
  void shouldTakeASpareWithoutSizeAndForceWhenNeitherIsGiven() throws IOException {
    ask("add-spare /srv/new");
    ask("migrate /srv/new force");
    assertThat(done)
        .containsExactly(
            "add " + new SpareRequest(Path.of("/srv/new"), 0, false),
            "migrate " + new SpareRequest(Path.of("/srv/new"), 0, true));
  }

  @Test
  void shouldStartAMigrationAndTellOfItWhenAsked() throws IOException {
    assertThat(ask("migrate")).containsEntry("migration", "running").containsEntry("ok", true);
    assertThat(done).containsExactly("migrate null");
    assertThat(ask("migrate status"))
        .containsEntry("doneBlocks", 3)
        .containsEntry("totalBlocks", 4);
    assertThat(done).hasSize(1);
  }

  @Test
  void shouldTellTheExitCodeWhenACommandIsRefused() throws IOException {
    assertThat(ask("add-spare /srv/full"))
        .containsEntry("ok", false)
        .containsEntry("error", "there is no room")
        .containsEntry("exitCode", 3);
  }

  @Test
  void shouldReadAMigrationBackAsItWasWritten() {
    MigrationState state =
        new MigrationState(
            Stage.DONE,
            7,
            7,
            new MigrationReport(
                "/new",
                5,
                1,
                2,
                true,
                new ReleasedSpares(
                    List.of("/old"), List.of(new ReleasedSpares.Kept("/older", 2)), List.of("t"))),
            "");
    assertThat(MigrationState.ofMap(state.toMap())).isEqualTo(state);
    MigrationState failed = new MigrationState(Stage.FAILED, 1, 2, null, "why");
    assertThat(MigrationState.ofMap(failed.toMap())).isEqualTo(failed);
    assertThat(MigrationState.ofMap(MigrationState.none().toMap()))
        .isEqualTo(MigrationState.none());
  }

  @Test
  void shouldHandOnWhatIsToBeScanned() throws IOException {
    assertThat(ask("scan start mode=risk cpu=5 rate=65536")).containsEntry("exitCode", 3);
    ask("scan start");
    ask("scan pause");
    assertThat(done)
        .containsExactly(
            "scan start mode=risk rate=65536 cpu=5", "scan start mode=full", "scan pause");
  }

  @Test
  void shouldFlushWhenAsked() throws IOException {
    assertThat(ask("flush")).containsEntry("ok", true);
    assertThat(done).containsExactly("flush");
  }

  @Test
  void shouldCarryTheReportWhenStatusIsAsked() throws IOException {
    assertThat(ask("status")).containsEntry("status", Map.of("state", "HEALTHY"));
  }

  @Test
  void shouldNameEveryCommandWhenHelpIsAsked() throws IOException {
    assertThat(ask("help").get("commands").toString())
        .contains("status", "remap BLOCK", "verify", "unmap FIRST", "flush");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "   ",
        "frobnicate",
        "REMAP 7",
        "remap",
        "remap 7 8",
        "remap -1",
        "remap +1",
        "remap 0x10",
        "remap 1e3",
        "remap 100000",
        "remap 99999999999999999999",
        "remap seven",
        "remap 7\nremap 8",
        "remap 7\0",
        "scan",
        "scan begin",
        "scan pause now",
        "scan start full",
        "scan start mode=all",
        "scan start mode=FULL",
        "scan start mode=full mode=risk",
        "scan start rate=0",
        "scan start rate=65535",
        "scan start rate=1M",
        "scan start cpu=101",
        "scan stop cpu=2",
        "status now",
        "flush all",
        "help me",
        "unmap",
        "unmap 0 0",
        "unmap 99999 2",
        "unmap 0 65537",
        "unmap 1 2 3",
        "add-spare",
        "add-spare relative",
        "add-spare /x size=0",
        "add-spare /x size=1 size=2",
        "add-spare /x size=99999999999999999999",
        "add-spare /x force force",
        "add-spare /x 7",
        "add-spare /x%2",
        "add-spare /x%+1",
        "add-spare /x%00",
        "add-spare /x%FF",
        "migrate status now",
        "migrate stop",
        "migrate relative",
        "lost",
        "lost 7",
        "lost 7 0",
        "lost 7 1 8",
        "lost 99999 2",
        "lost 0 1 100000 1",
        "lost 0 65537",
        "lost 0 65536 1 1",
        "verify 0 0",
        "verify 0 65537",
        "verify 99999 2",
        "verify 1 2 3",
        "remap \u0667",
        "remap\u00a07"
      })
  void shouldRefuseInOneSentenceAndDoNothingWhenNotACommand(String command) throws IOException {
    Map<String, Object> answer = ask(command);
    assertThat(answer).containsOnlyKeys("ok", "error").containsEntry("ok", false);
    assertThat(answer.get("error").toString()).isNotBlank().doesNotContain("\n");
    assertThat(done).isEmpty();
  }

  @Test
  void shouldAnswerShortlyWhenTheCommandIsOversized() throws IOException {
    byte[] command = new byte[1 << 20];
    assertThat(ask(command).get("error").toString()).contains("limit").hasSizeLessThan(200);
  }

  @Test
  void shouldAnswerJsonWhateverBytesAreWritten() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      byte[] command = new byte[random.nextInt(64)];
      random.nextBytes(command);
      assertThat(ask(command)).as("seed %d, round %d", seed, i).containsEntry("ok", false);
    }
    assertThat(done).isEmpty();
  }

  @Test
  void shouldAnswerWhenTheEngineFailsUnexpectedly() throws IOException {
    assertThat(ask("remap 13").get("error").toString()).contains("unlucky");
  }
}
