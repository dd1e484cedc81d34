package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs verify}. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Reads blocks of a mounted disk again.",
      "What turns out bad is salvaged and moved where the medium still yields it, and recorded as"
          + " lost where not.",
      "\"recovered\" counts the remapped and lost blocks whose own place on the disk reads again."
    })
final class VerifyCommand implements Callable<Integer> {
  /** One command's share: the disk answers within moments, and Ctrl-C is heeded. */
  private static final long CHUNK_BYTES = 16L << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FIRST",
      description = "The first block, in units of the block size (0).")
  private long first;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "COUNT",
      description = "How many blocks (to the end).")
  private @Nullable Long count;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    ControlClient client = new ControlClient(mountPoint);
    Map<String, Object> status = client.status();
    long blockCount = BlockRange.blockCount(status);
    BlockRange.require(first, blockCount);
    long blocks = count == null ? blockCount - first : count;
    BlockRange.requireCount(first, blocks, blockCount);
    long chunk = Math.max(1, CHUNK_BYTES / ControlClient.number(status, "image", "blockSize"));
    Map<String, Object> sum = verify(client, first, blocks, chunk);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Output.json(out, sum);
    } else {
      Output.lines(out, sum);
    }
    boolean lost = !Long.valueOf(0).equals(sum.get("pending"));
    return (lost ? ExitCode.UNHEALTHY : ExitCode.OK).number();
  }

  private Map<String, Object> verify(ControlClient client, long firstBlock, long blocks, long chunk)
      throws RefusedException {
    long healthy = 0;
    long remapped = 0;
    long pending = 0;
    long recovered = 0;
    for (long done = 0; done < blocks; done += chunk) {
      long now = Math.min(chunk, blocks - done);
      Map<String, Object> answer = client.ask("verify " + (firstBlock + done) + " " + now);
      healthy += ControlClient.count(answer, "healthy");
      remapped += ControlClient.count(answer, "remapped");
      pending += ControlClient.count(answer, "pending");
      recovered += ControlClient.count(answer, "recovered");
      progress(done + now, blocks);
    }
    Map<String, Object> sum = new LinkedHashMap<>();
    sum.put("first", firstBlock);
    sum.put("count", blocks);
    sum.put("healthy", healthy);
    sum.put("remapped", remapped);
    sum.put("pending", pending);
    sum.put("recovered", recovered);
    return sum;
  }

  private void progress(long done, long blocks) {
    if (Terminal.isError()) {
      PrintWriter err = spec.commandLine().getErr();
      err.print("\r" + done * 100 / blocks + " %" + (done == blocks ? "\r     \r" : ""));
      err.flush();
    }
  }
}
