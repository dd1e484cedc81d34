package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What the commands that go through a range of a mounted disk's blocks have in common. */
final class MountedBlocks {
  /** One command's share: the disk answers within moments, and Ctrl-C is heeded. */
  private static final long CHUNK_BYTES = 16L << 20;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /**
   * Has the daemon carry out a command, piece by piece.
   *
   * @param count how many blocks; null for all from the first on
   * @param keys the counts of the answers to be added up
   * @return the range and the sums
   */
  Map<String, Object> over(String verb, long first, @Nullable Long count, List<String> keys)
      throws RefusedException {
    ControlClient client = new ControlClient(mountPoint);
    Map<String, Object> status = client.status();
    long blockCount = BlockRange.blockCount(status);
    BlockRange.require(first, blockCount);
    long blocks = count == null ? blockCount - first : count;
    BlockRange.requireCount(first, blocks, blockCount);
    long chunk = Math.max(1, CHUNK_BYTES / ControlClient.blockSize(status));
    Map<String, Object> sum = new LinkedHashMap<>();
    sum.put("first", first);
    sum.put("count", blocks);
    for (long done = 0; done < blocks; done += chunk) {
      long now = Math.min(chunk, blocks - done);
      Map<String, Object> answer = client.ask(verb + " " + (first + done) + " " + now);
      for (String key : keys) {
        sum.merge(key, ControlClient.count(answer, key), (a, b) -> (long) a + (long) b);
      }
      progress(done + now, blocks);
    }
    return sum;
  }

  private void progress(long done, long blocks) {
    if (Terminal.isError()) {
      PrintWriter err = spec.commandLine().getErr();
      err.print("\r" + done * 100 / blocks + " %" + (done == blocks ? "\r     \r" : ""));
      err.flush();
    }
  }

  void print(Map<String, Object> facts) {
    Output.print(spec.commandLine().getOut(), json, facts);
  }
}
