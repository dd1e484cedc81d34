package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs remap}. */
@Command(
    name = "remap",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = "Moves blocks of a mounted disk to the spare, before they fail.")
final class RemapCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "BLOCK",
      description = "Blocks by number, from 0, in units of the block size.")
  private List<Long> blocks = new ArrayList<>();

  @Option(names = "--json", description = "Print one JSON object a block.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    ControlClient client = new ControlClient(mountPoint);
    long blockCount = BlockRange.blockCount(client.status());
    for (long block : blocks) {
      BlockRange.require(block, blockCount);
    }
    for (long block : blocks) {
      Map<String, Object> answer = client.ask("remap " + block);
      if (json) {
        Output.json(spec.commandLine().getOut(), answer);
      } else {
        String verb =
            Boolean.TRUE.equals(answer.get("moved")) ? "moved, now " : "not moved, it is ";
        spec.commandLine().getOut().println("block " + block + " " + verb + answer.get("now"));
      }
    }
    return ExitCode.OK.number();
  }
}
