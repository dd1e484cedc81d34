package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

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
  @Mixin private MountedBlocks disk = new MountedBlocks();

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

  @Override
  public Integer call() throws RefusedException {
    Map<String, Object> sum =
        disk.over("verify", first, count, List.of("healthy", "remapped", "pending", "recovered"));
    disk.print(sum);
    boolean all = ControlClient.count(sum, "pending") == 0;
    return (all ? ExitCode.OK : ExitCode.UNHEALTHY).number();
  }
}
