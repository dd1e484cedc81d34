package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands that look into the spare of a disk that is not mounted have in common. */
final class OfflineSet {
  @Parameters(
      index = "0",
      paramLabel = "SPARE",
      description = "The spare, or the backing if that has BACKING.remap beside it or --spare.")
  private Path path = Path.of("");

  @Option(
      names = "--spare",
      paramLabel = "PATH",
      description = "The spare of the backing that is named (BACKING.remap beside it).")
  private @Nullable Path spare;

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
    return spare != null ? spare : OfflineSpare.locate(path);
  }

  /** What can be said and done where the metadata is lost. */
  LostMetadata lostMetadata() {
    return new LostMetadata(path, spare, io);
  }

  /**
   * Opens, locks and recovers. The caller closes the store and its spare.
   *
   * @param corrupt the exit code for damage past recovery
   */
  MetadataStore open(Access access, ExitCode corrupt) throws RefusedException {
    return OfflineSpare.open(located(), io, access, corrupt);
  }
}
