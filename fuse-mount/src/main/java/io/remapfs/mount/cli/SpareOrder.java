package io.remapfs.mount.cli;

import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.preflight.RefusedException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the commands that bring a spare into a set in use have in common. */
final class SpareOrder {
  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "The size of a new spare file (2 %% of the disk, 16M at least).")
  private @Nullable Long size;

  @Option(names = "--force", description = "Overwrite a new spare that is not blank.")
  private boolean force;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  boolean json() {
    return json;
  }

  /** Whether anything was said of a new spare. */
  boolean isGiven() {
    return size != null || force;
  }

  /** The order for a spare at {@code path}. */
  SpareRequest of(Path path) throws RefusedException {
    if (size != null && (size < 1 || size > SpareRequest.MAX_SIZE_BYTES)) {
      throw RefusedException.usage("--size takes 1 to 1024P, not " + size);
    }
    return new SpareRequest(path.toAbsolutePath().normalize(), size == null ? 0 : size, force);
  }
}
