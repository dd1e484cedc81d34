package io.remapfs.it.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The failing disk's nbdkit plugin, compiled once a run rather than once a disk. */
public final class FailingDiskPlugin {
  private FailingDiskPlugin() {}

  /** Path of the compiled plugin, which is built when its source is newer. */
  public static synchronized Path built() throws IOException {
    Path source = Repository.root().resolve("packaging/failing-disk/failing-disk.c");
    Path plugin = Repository.root().resolve("integration-tests/target/failing-disk.so");
    if (!Files.exists(plugin)
        || Files.getLastModifiedTime(plugin).compareTo(Files.getLastModifiedTime(source)) < 0) {
      Files.createDirectories(Repository.root().resolve("integration-tests/target"));
      Shell.run(
              "cc",
              "-O2",
              "-shared",
              "-fPIC",
              "-pthread",
              "-o",
              plugin.toString(),
              source.toString())
          .orFail();
    }
    return plugin;
  }
}
