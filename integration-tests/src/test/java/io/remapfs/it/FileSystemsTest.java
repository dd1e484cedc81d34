package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.ScatteredFaults;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Status;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * File systems made, filled, checked and read back on a loop device over the image of a disk with
 * bad blocks throughout: some fail to be written, some can only be read sector by sector.
 */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class FileSystemsTest {
  private static final int BLOCK = 4096;
  private static final long SEED = 20;
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void shouldHoldAnExt4WhenBlocksAreBadThroughout(Workbench bench) throws IOException {
    long sizeBytes = 64 * Images.MIB;
    Mounted mounted = failing(bench, sizeBytes, 1.0);
    String device = mounted.announced();
    run("mkfs.ext4", "-q", "-F", device);

    Map<Path, String> hashes = fillAndUnmount(bench, device, 40);

    run("e2fsck", "-fn", device);
    assertReadsBack(bench, device, hashes);
    assertRemapsHappened(mounted);
  }

  @Test
  void shouldHoldAnXfsWhenBlocksAreBadThroughout(Workbench bench) throws IOException {
    long sizeBytes = 320 * Images.MIB;
    Mounted mounted = failing(bench, sizeBytes, 0.3);
    String device = mounted.announced();
    run("mkfs.xfs", "-q", "-f", device);

    Map<Path, String> hashes = fillAndUnmount(bench, device, 100);

    run("xfs_repair", "-n", device);
    assertReadsBack(bench, device, hashes);
    assertRemapsHappened(mounted);
  }

  @Test
  void shouldHoldABtrfsWhenBlocksAreBadThroughout(Workbench bench) throws IOException {
    long sizeBytes = 256 * Images.MIB;
    Mounted mounted = failing(bench, sizeBytes, 0.4);
    String device = mounted.announced();
    run("mkfs.btrfs", "-q", "-f", device);

    Map<Path, String> hashes = fillAndUnmount(bench, device, 80);

    run("btrfs", "check", "--readonly", device);
    assertReadsBack(bench, device, hashes);
    Path scrubbed = bench.mountFileSystem(device);
    // -B waits and fails when scrub met an error it could not correct.
    Shell.Result scrub = Shell.run(LIMIT, "btrfs", "scrub", "start", "-B", scrubbed.toString());
    assertThat(scrub.exitCode()).as(scrub.toString()).isZero();
    assertThat(scrub.stdout()).contains("no errors found");
    assertRemapsHappened(mounted);
  }

  private static Mounted failing(Workbench bench, long sizeBytes, double percentBad) {
    FailingDisk disk = bench.failingDisk("disk", sizeBytes);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--loop");
    disk.faults(
        ScatteredFaults.over(sizeBytes, BLOCK, percentBad, SEED, "w", "r over=512", "rw over=512"));
    return mounted;
  }

  /** Fills the file system with files of all sizes, rewrites some, and unmounts it. */
  private static Map<Path, String> fillAndUnmount(Workbench bench, String device, int megabytes)
      throws IOException {
    Random random = new Random(SEED);
    Map<Path, String> hashes = new LinkedHashMap<>();
    Path root = bench.mountFileSystem(device);
    long leftBytes = megabytes * Images.MIB;
    for (int file = 0; leftBytes > 0; file++) {
      byte[] contents = new byte[1 + random.nextInt(file % 4 == 0 ? 2_000_000 : 20_000)];
      random.nextBytes(contents);
      Path folder = Files.createDirectories(root.resolve("folder-" + file % 7));
      // Every fifth file is written over an older one.
      Path path = folder.resolve("file-" + (file % 5 == 4 ? file % 7 : file));
      Files.write(path, contents);
      hashes.put(root.relativize(path), Images.hash(path));
      leftBytes -= contents.length;
    }
    run("sync", "-f", root.toString());
    run("umount", root.toString());
    return hashes;
  }

  private static void assertReadsBack(Workbench bench, String device, Map<Path, String> hashes) {
    Path root = bench.mountFileSystem(device);
    hashes.forEach(
        (path, hash) -> assertThat(Images.hash(root.resolve(path))).as("%s", path).isEqualTo(hash));
    run("umount", root.toString());
  }

  private static void assertRemapsHappened(Mounted mounted) {
    Status status = mounted.status();
    assertThat(status.remapped()).as(status.toString()).isGreaterThan(10);
    assertThat(status.salvaged()).as(status.toString()).isPositive();
    assertThat(status.pending()).as(status.toString()).isZero();
  }

  private static void run(String... command) {
    Shell.run(LIMIT, command).orFail();
  }
}
