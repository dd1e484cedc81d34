package io.remapfs.it.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of an image that fio fills, every block once in random order and with a checksum in it,
 * and verifies later: also after the daemon died in between.
 *
 * @param offsetBytes where it begins
 * @param lengthBytes a multiple of 4096
 * @param folder where fio may put files of its own
 */
public record FioRegion(long offsetBytes, long lengthBytes, Path folder) {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  /** Writes all of it, and flushes. */
  public void write(Path image, long seed) {
    run(image, seed, "--do_verify=0", "--end_fsync=1").orFail();
  }

  /**
   * Reads all of it back.
   *
   * @param seed the one it was written with
   */
  public Shell.Result verify(Path image, long seed) {
    return run(image, seed, "--verify_only", "--verify_fatal=1");
  }

  private Shell.Result run(Path image, long seed, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "fio",
                "--name=region",
                "--filename=" + image,
                "--offset=" + offsetBytes,
                "--size=" + lengthBytes,
                "--rw=randwrite",
                "--bs=4k",
                "--ioengine=libaio",
                "--iodepth=16",
                "--direct=1",
                "--verify=crc32c",
                "--verify_state_save=0",
                "--randseed=" + seed,
                "--aux-path=" + folder));
    command.addAll(List.of(options));
    return Shell.run(LIMIT, command.toArray(String[]::new));
  }
}
