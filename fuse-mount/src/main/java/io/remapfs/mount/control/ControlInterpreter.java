package io.remapfs.mount.control;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.MarkReport;
import io.remapfs.engine.RemapResult;
import io.remapfs.engine.UnmapReport;
import io.remapfs.engine.VerifyReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.table.Target;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Carries out what is written to the control file.
 *
 * <p>Every answer is one JSON object on one line with {@code ok}; a refused or failed command is
 * {@code {"ok":false,"error":"one sentence"}}. A refused one has changed nothing; what one that
 * failed on its way did with earlier blocks stands. Thread-safe.
 */
public final class ControlInterpreter {
  /** The commands, as {@code help} lists them. */
  static final List<String> HELP =
      List.of(
          "status: the report, as in status.json",
          "remap BLOCK: move a block to the spare",
          "verify [FIRST [COUNT]]: read blocks again, at most "
              + ControlParser.MAX_VERIFY_BLOCKS
              + " at a time",
          "unmap FIRST [COUNT]: move blocks from the spare back to their own places",
          "lost FIRST COUNT [FIRST COUNT]...: record blocks as lost that are known to be bad",
          "add-spare PATH [size=BYTES] [force]: add a spare; in PATH, %20 is a blank",
          "migrate [PATH [size=BYTES] [force]]: begin to move all blocks to a new spare, or to the"
              + " newest",
          "migrate status: how that is doing",
          ScanRequest.USAGE + ": read the whole disk, or what is suspect of it",
          "flush: make everything written so far durable",
          "help: this list");

  private final ControlActions actions;
  private final ControlParser parser;

  public ControlInterpreter(ControlActions actions) {
    this.actions = actions;
    this.parser = new ControlParser(actions.blockCount());
  }

  /**
   * Executes one command.
   *
   * @param command its bytes as written; any bytes at all are answered
   * @return the answer in UTF-8, ending in a line feed
   */
  public byte[] execute(byte[] command) {
    Map<String, Object> answer = new LinkedHashMap<>();
    try {
      ControlCommand parsed = parser.parse(command);
      answer.put("ok", true);
      carryOut(parsed, answer);
    } catch (ControlSyntaxException e) {
      answer = failure(String.valueOf(e.getMessage()));
    } catch (RefusedException e) {
      answer = failure(e.getMessage());
      answer.put("exitCode", e.exitCode().number());
    } catch (BlockDeviceException e) {
      answer = failure(e.getMessage() + " [" + Errno.describe(e.errno()) + "]");
    } catch (RuntimeException e) {
      answer = failure("the command failed unexpectedly: " + e);
    }
    return json(answer);
  }

  private void carryOut(ControlCommand command, Map<String, Object> answer)
      throws BlockDeviceException, RefusedException {
    if (command instanceof ControlCommand.Status) {
      answer.put("status", actions.status());
    } else if (command instanceof ControlCommand.Remap remap) {
      RemapResult result = actions.remap(remap.blockIndex());
      answer.put("block", result.blockIndex());
      answer.put("moved", result.moved());
      answer.put("now", Target.describe(result.target()));
    } else if (command instanceof ControlCommand.Verify verify) {
      VerifyReport report = actions.verify(verify.firstBlock(), verify.blockCount());
      answer.put("firstBlock", report.firstBlock());
      answer.put("blockCount", report.blockCount());
      answer.put("healthy", report.healthy());
      answer.put("remapped", report.remapped());
      answer.put("pending", report.pending());
      answer.put("recovered", report.recovered());
    } else if (command instanceof ControlCommand.Unmap unmap) {
      UnmapReport report = actions.unmap(unmap.firstBlock(), unmap.blockCount());
      answer.put("firstBlock", report.firstBlock());
      answer.put("blockCount", report.blockCount());
      answer.put("unmapped", report.unmapped());
      answer.put("kept", report.kept());
      answer.put("lost", report.lost());
    } else if (command instanceof ControlCommand.Lost lost) {
      MarkReport report = actions.markLost(lost.runs());
      answer.put("marked", report.marked());
      answer.put("known", report.known());
      answer.put("remapped", report.remapped());
      answer.put("skipped", report.skipped());
    } else if (command instanceof ControlCommand.AddSpare add) {
      AddedSpare added = actions.addSpare(add.spare());
      answer.put("spare", added.name());
      answer.put("slots", added.slotCount());
    } else if (command instanceof ControlCommand.Migrate migrate) {
      actions.migrate(migrate.spare());
      answer.putAll(actions.migration().toMap());
    } else if (command instanceof ControlCommand.MigrateStatus) {
      answer.putAll(actions.migration().toMap());
    } else if (command instanceof ControlCommand.Scan scan) {
      answer.put("scan", actions.scan(scan.scan()).toMap());
    } else if (command instanceof ControlCommand.Flush) {
      actions.flush();
    } else if (command instanceof ControlCommand.Help) {
      answer.put("commands", HELP);
    }
  }

  private static Map<String, Object> failure(String sentence) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("ok", false);
    answer.put("error", sentence);
    return answer;
  }

  private static byte[] json(Map<String, Object> answer) {
    try {
      return (JSON.std.asString(answer) + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("rendering to memory cannot fail", e);
    }
  }
}
