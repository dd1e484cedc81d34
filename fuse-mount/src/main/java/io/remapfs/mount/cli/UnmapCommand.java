package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs unmap}. */
@Command(
    name = "unmap",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Moves blocks of a mounted disk from the spare back to their own places.",
      "Each is written there, flushed and read back before its slot is given up. A block whose place"
          + " does not take or give back the data stays in the spare and is counted as kept; one whose"
          + " slot cannot be read is lost. Healthy and lost blocks of the range are left alone.",
      "The slots are not used again."
    })
final class UnmapCommand implements Callable<Integer> {
  /** One command's share: the disk answers within moments, and Ctrl-C is heeded. */
  private static final long CHUNK_BYTES = 16L << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "FIRST",
      description = "The first block, in units of the block size.")
  private long first;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "COUNT",
      defaultValue = "1",
      description = "How many blocks (${DEFAULT-VALUE}).")
  private long count = 1;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    ControlClient client = new ControlClient(mountPoint);
    Map<String, Object> status = client.status();
    long blockCount = BlockRange.blockCount(status);
    BlockRange.require(first, blockCount);
    BlockRange.requireCount(first, count, blockCount);
    long chunk = Math.max(1, CHUNK_BYTES / ControlClient.number(status, "image", "blockSize"));
    long unmapped = 0;
    long kept = 0;
    long lost = 0;
    for (long done = 0; done < count; done += chunk) {
      long now = Math.min(chunk, count - done);
      Map<String, Object> answer = client.ask("unmap " + (first + done) + " " + now);
      unmapped += ControlClient.count(answer, "unmapped");
      kept += ControlClient.count(answer, "kept");
      lost += ControlClient.count(answer, "lost");
    }
    Map<String, Object> sum = new LinkedHashMap<>();
    sum.put("first", first);
    sum.put("count", count);
    sum.put("unmapped", unmapped);
    sum.put("kept", kept);
    sum.put("lost", lost);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Output.json(out, sum);
    } else {
      Output.lines(out, sum);
    }
    return (kept + lost > 0 ? ExitCode.UNHEALTHY : ExitCode.OK).number();
  }
}
