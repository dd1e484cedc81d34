package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.RefusedException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code remapfs demo}, which the launcher runs itself; here for the help. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    description = {
      "Shows all of it on a disk that really fails.",
      "Mounts the disk, puts a file system on it, writes across its bad blocks, kills the daemon,"
          + " mounts again, and compares every byte. Run it as root: sudo ./remapfs demo."
          + " Everything it makes is gone afterwards."
    })
final class DemoCommand implements Callable<Integer> {
  @Override
  public Integer call() throws RefusedException {
    throw RefusedException.refused(
        "the demo is run by the launcher; start it with: sudo ./remapfs demo");
  }
}
