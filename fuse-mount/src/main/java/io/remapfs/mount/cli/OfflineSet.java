package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What the commands that look into the spare of a disk that is not mounted have in common. */
final class OfflineSet {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "SPARE",
      description = "The spare, or the backing if that has BACKING.remap beside it or --spare.")
  private Path path = Path.of("");

  @Option(
      names = "--spare",
      paramLabel = "PATH",
      description = {
        "The spare of the backing that is named (BACKING.remap beside it). Of several any one will"
            + " do; name others too if they are no longer where they were."
      })
  private List<Path> spares = List.of();

  @Option(
      names = "--io",
      paramLabel = "MODE",
      description = "direct, or buffered where O_DIRECT is refused (direct).")
  private IoMode io = IoMode.DIRECT;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /** What was named. */
  Path path() {
    return path;
  }

  boolean json() {
    return json;
  }

  /** Where the spare is. */
  Path located() {
    return spares.isEmpty() ? OfflineSpare.locate(path) : absolute(spares.get(0));
  }

  /** What can be said and done where the metadata is lost. */
  LostMetadata lostMetadata() {
    return new LostMetadata(path, spares.isEmpty() ? null : spares.get(0), io);
  }

  /**
   * Opens, locks and recovers. To be closed with {@link OfflineSpare#close}.
   *
   * @param corrupt the exit code for damage past recovery
   */
  MetadataStore open(Access access, ExitCode corrupt) throws RefusedException {
    List<Path> set = new ArrayList<>(List.of(located()));
    spares.stream().skip(1).map(OfflineSet::absolute).forEach(set::add);
    return OfflineSpare.open(
        set, io, access, corrupt, note -> spec.commandLine().getErr().println("remapfs: " + note));
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
