package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

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
  @Mixin private MountedBlocks disk = new MountedBlocks();

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

  @Override
  public Integer call() throws RefusedException {
    Map<String, Object> sum = disk.over("unmap", first, count, List.of("unmapped", "kept", "lost"));
    disk.print(sum);
    boolean all = ControlClient.count(sum, "kept") + ControlClient.count(sum, "lost") == 0;
    return (all ? ExitCode.OK : ExitCode.UNHEALTHY).number();
  }
}
