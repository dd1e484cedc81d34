package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertReads;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One request of 64 blocks, starting at block 16, that meets one, several adjacent or scattered bad
 * blocks, with the smallest and the usual block size.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BadBlocksTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int FIRST = 16;
  private static final int COUNT = 64;
  private static final long OLD = 1;
  private static final long NEW = 2;

  static Stream<Arguments> layouts() {
    List<List<Integer>> layouts =
        List.of(List.of(30), List.of(30, 31, 32, 33, 34), List.of(16, 25, 47, 48, 79));
    return Stream.of(512, 4096)
        .flatMap(blockSize -> layouts.stream().map(bad -> Arguments.of(blockSize, bad)));
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldFailTheReadAndMarkOnlyTheBadBlocksWhenTheyAreLost(
      int blockSize, List<Integer> bad, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("r", "", blockSize, bad));

    assertReadFails(mounted, (long) FIRST * blockSize, COUNT * blockSize);

    for (int block = FIRST; block < FIRST + COUNT; block++) {
      if (bad.contains(block)) {
        assertReadFails(mounted, (long) block * blockSize, blockSize);
      } else {
        assertPattern(mounted, OLD, (long) block * blockSize, blockSize);
      }
    }
    assertThat(mounted.status().pending()).isEqualTo(bad.size());
    assertThat(mounted.status().remapped()).isZero();
    assertThat(badBlocks(mounted)).isEqualTo(bad);
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldAnswerTheReadAndMoveTheBlocksWhenARetryYieldsThem(
      int blockSize, List<Integer> bad, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    // A request of its own for each, so that how the long one is bisected does not matter.
    disk.faults(faults("r", "times=2", blockSize, bad));

    for (int block : bad) {
      assertPattern(mounted, OLD, (long) block * blockSize, blockSize);
    }

    assertThat(mounted.status().salvaged()).isEqualTo(bad.size());
    assertThat(mounted.status().remapped()).isEqualTo(bad.size());
    assertThat(mounted.status().pending()).isZero();
    disk.faults(faults("rw", "", blockSize, bad));
    assertPattern(mounted, OLD, (long) FIRST * blockSize, COUNT * blockSize);
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldTakeTheWriteAndMoveOnlyTheBadBlocksWhenWritingFails(
      int blockSize, List<Integer> bad, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("w", "", blockSize, bad));

    mounted.write(
        (long) FIRST * blockSize, Images.pattern(NEW, (long) FIRST * blockSize, COUNT * blockSize));

    assertPattern(mounted, NEW, (long) FIRST * blockSize, COUNT * blockSize);
    assertThat(mounted.status().remapped()).isEqualTo(bad.size());
    for (int block = FIRST; block < FIRST + COUNT; block++) {
      long seed = bad.contains(block) ? OLD : NEW;
      long byteOffset = (long) block * blockSize;
      assertThat(Images.read(disk.store(), byteOffset, blockSize))
          .as("block %d on the medium", block)
          .isEqualTo(Images.pattern(seed, byteOffset, blockSize));
    }
    assertPattern(mounted, OLD, 0, FIRST * blockSize);
    assertPattern(mounted, OLD, (long) (FIRST + COUNT) * blockSize, FIRST * blockSize);
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldKeepTheNewDataAcrossARemountWhenBlocksAreBadForBoth(
      int blockSize, List<Integer> bad, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    var spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted first = bench.mountFormatted(disk.image(), spare, blockSize);
    disk.faults(faults("rw", "", blockSize, bad));
    byte[] written = Images.pattern(NEW, (long) FIRST * blockSize, COUNT * blockSize);
    first.write((long) FIRST * blockSize, written);
    first.umount().orFail();

    Mounted second = bench.mount(disk.image(), "--spare", spare.toString());

    assertReads(second, (long) FIRST * blockSize, written);
    assertThat(second.status().remapped()).isEqualTo(bad.size());
    assertThat(second.status().pending()).isZero();
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldMergeWithTheOldBytesWhenAnUnalignedWriteMeetsWriteBadBlocks(
      int blockSize, List<Integer> bad, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("w", "", blockSize, bad));
    long from = (long) FIRST * blockSize + 100;
    int lengthBytes = COUNT * blockSize - 177;
    byte[] expected = Images.pattern(OLD, (long) FIRST * blockSize, COUNT * blockSize);
    byte[] written = Images.pattern(NEW, from, lengthBytes);
    System.arraycopy(written, 0, expected, 100, lengthBytes);

    mounted.write(from, written);

    assertReads(mounted, (long) FIRST * blockSize, expected);
    assertThat(mounted.status().remapped()).isEqualTo(bad.size());
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void shouldMakeLostBlocksWholeAgainWhenTheyAreRewritten(
      int blockSize, List<Integer> bad, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("r", "", blockSize, bad));
    assertReadFails(mounted, (long) FIRST * blockSize, COUNT * blockSize);
    byte[] written = Images.pattern(NEW, (long) FIRST * blockSize, COUNT * blockSize);

    mounted.write((long) FIRST * blockSize, written);

    assertReads(mounted, (long) FIRST * blockSize, written);
    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().remapped()).isEqualTo(bad.size());
    assertThat(mounted.text("badblocks")).isEmpty();
  }

  private static Fault[] faults(String mode, String options, int blockSize, List<Integer> bad) {
    return bad.stream()
        .map(block -> new Fault((long) block * blockSize + " " + blockSize, mode, options))
        .toArray(Fault[]::new);
  }

  private static List<Integer> badBlocks(Mounted mounted) {
    return Arrays.stream(mounted.text("badblocks").split("\\s+"))
        .filter(line -> !line.isEmpty())
        .flatMapToInt(line -> IntStream.of(Integer.parseInt(line)))
        .boxed()
        .toList();
  }
}
