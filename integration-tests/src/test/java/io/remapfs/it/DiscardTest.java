package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertReads;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is discarded reads back as zeros: on healthy, remapped and lost blocks, however it is asked
 * for. Blocks 10 to 13 are remapped and blocks 20 and 21 lost in each test.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class DiscardTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long OLD = 1;
  private static final long NEW = 2;

  @ParameterizedTest
  @ValueSource(strings = {"--punch-hole", "--zero-range --keep-size"})
  void shouldReadZerosWhenTheImageIsPunched(String how, Workbench bench) throws IOException {
    Mounted mounted = damaged(bench);

    fallocate(mounted.image(), how, 4L * BLOCK, 32L * BLOCK);

    assertZerosBetweenBlocks4And36(mounted);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-z"})
  void shouldReadZerosWhenTheLoopDeviceIsDiscarded(String how, Workbench bench) throws IOException {
    Mounted mounted = damaged(bench);

    try (LoopDevice loop = LoopDevice.attach(mounted.image())) {
      List<String> command = new ArrayList<>(List.of("blkdiscard", "-f"));
      if (!how.isEmpty()) {
        command.add(how);
      }
      command.addAll(List.of("-o", "" + 4 * BLOCK, "-l", "" + 32 * BLOCK, loop.device()));
      Shell.run(command.toArray(String[]::new)).orFail();
    }

    assertZerosBetweenBlocks4And36(mounted);
  }

  @Test
  void shouldZeroOnlyWhatWasAskedForWhenThePlacesAreNotAligned(Workbench bench) throws IOException {
    Mounted mounted = damaged(bench);
    long from = 9L * BLOCK + 100;
    int lengthBytes = 3 * BLOCK + 55;
    byte[] expected = new byte[lengthBytes + 200];
    System.arraycopy(mounted.read(from - 100, 100), 0, expected, 0, 100);
    System.arraycopy(mounted.read(from + lengthBytes, 100), 0, expected, lengthBytes + 100, 100);

    fallocate(mounted.image(), "--punch-hole", from, lengthBytes);

    assertReads(mounted, from - 100, expected);
  }

  @Test
  void shouldStayLostWhenOnlyAPartOfAPendingBlockIsPunched(Workbench bench) {
    Mounted mounted = damaged(bench);

    Shell.Result result =
        Shell.run(
            "fallocate",
            "--punch-hole",
            "-o",
            Long.toString(20L * BLOCK + 512),
            "-l",
            "512",
            mounted.image().toString());

    assertThat(result.exitCode()).isNotZero();
    assertReadFails(mounted, 20L * BLOCK, BLOCK);
    assertThat(mounted.status().pending()).isEqualTo(2);
  }

  @Test
  void shouldReadZerosWhenTheBackingCannotWriteThere(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    disk.faults(Fault.write(8L * BLOCK, BLOCK));

    fallocate(mounted.image(), "--punch-hole", 4L * BLOCK, 8L * BLOCK);

    assertReads(mounted, 4L * BLOCK, new byte[8 * BLOCK]);
    assertPattern(mounted, OLD, 12L * BLOCK, BLOCK);
  }

  private static void assertZerosBetweenBlocks4And36(Mounted mounted) throws IOException {
    assertReads(mounted, 4L * BLOCK, new byte[32 * BLOCK]);
    assertPattern(mounted, OLD, 0, 4 * BLOCK);
    assertPattern(mounted, OLD, 36L * BLOCK, BLOCK);
    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().remapped()).isGreaterThanOrEqualTo(4);
  }

  private static Mounted damaged(Workbench bench) {
    try {
      FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
      Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
      disk.faults(Fault.write(10L * BLOCK, 4 * BLOCK), Fault.both(20L * BLOCK, 2 * BLOCK));
      mounted.write(10L * BLOCK, Images.pattern(NEW, 10L * BLOCK, 4 * BLOCK));
      assertReadFails(mounted, 20L * BLOCK, 2 * BLOCK);
      return mounted;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void fallocate(Path image, String how, long byteOffset, long lengthBytes) {
    List<String> command = new ArrayList<>(List.of("fallocate"));
    command.addAll(List.of(how.split(" ")));
    command.addAll(List.of("-o", "" + byteOffset, "-l", "" + lengthBytes, image.toString()));
    Shell.run(command.toArray(String[]::new)).orFail();
  }
}
