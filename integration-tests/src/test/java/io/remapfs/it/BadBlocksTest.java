package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertReads;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.FioRegion;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests of 64 blocks that meet one, several adjacent or scattered bad blocks, with the smallest
 * and the usual block size. Each test makes all three requests on one mount.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BadBlocksTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final long OLD = 1;
  private static final long NEW = 2;

  /**
   * One request.
   *
   * @param first index of its first block
   * @param bad indices of the bad ones among its {@value #COUNT} blocks
   */
  private record Request(int first, List<Integer> bad) {
    static final int COUNT = 64;

    long byteOffset(int blockSize) {
      return (long) first * blockSize;
    }

    int lengthBytes(int blockSize) {
      return COUNT * blockSize;
    }
  }

  private static final List<Request> REQUESTS =
      List.of(
          new Request(16, List.of(30)),
          new Request(128, List.of(142, 143, 144, 145, 146)),
          new Request(256, List.of(256, 265, 287, 288, 319)));

  private static final List<Integer> ALL_BAD =
      REQUESTS.stream().flatMap(request -> request.bad().stream()).toList();

  @ParameterizedTest
  @ValueSource(strings = {"threads", "ring", "uring"})
  void shouldMoveThemAllWhenMoreWritesFailAtOnceThanThereAreHelpers(String session, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), 4096, "--session=" + session);
    disk.faults(Fault.write(0, 64 * 4096));
    FioRegion fio = new FioRegion(0, 64 * 4096, bench.folder());

    fio.write(mounted.image(), 1);

    fio.verify(mounted.image(), 1).orFail();
    assertThat(mounted.status().remapped()).isEqualTo(64);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldFailTheReadAndMarkOnlyTheBadBlocksWhenTheyAreLost(int blockSize, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("r", "", blockSize));

    for (Request request : REQUESTS) {
      assertReadFails(mounted, request.byteOffset(blockSize), request.lengthBytes(blockSize));

      for (int block = request.first(); block < request.first() + Request.COUNT; block++) {
        if (request.bad().contains(block)) {
          assertReadFails(mounted, (long) block * blockSize, blockSize);
        } else {
          assertPattern(mounted, OLD, (long) block * blockSize, blockSize);
        }
      }
    }
    assertThat(mounted.status().pending()).isEqualTo(ALL_BAD.size());
    assertThat(mounted.status().remapped()).isZero();
    assertThat(mounted.text("badblocks").lines().map(Integer::valueOf)).isEqualTo(ALL_BAD);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldAnswerTheReadAndMoveTheBlocksWhenARetryYieldsThem(int blockSize, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    // A request of its own for each, so that how a long one is bisected does not matter.
    disk.faults(faults("r", "times=2", blockSize));

    for (int block : ALL_BAD) {
      assertPattern(mounted, OLD, (long) block * blockSize, blockSize);
    }

    assertThat(mounted.status().salvaged()).isEqualTo(ALL_BAD.size());
    assertThat(mounted.status().remapped()).isEqualTo(ALL_BAD.size());
    assertThat(mounted.status().pending()).isZero();
    disk.faults(faults("rw", "", blockSize));
    for (Request request : REQUESTS) {
      assertPattern(mounted, OLD, request.byteOffset(blockSize), request.lengthBytes(blockSize));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 4096})
  void shouldAnswerALongReadWhenSectorsCanBeSavedOneByOne(int blockSize, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("r", "over=512", blockSize));

    for (Request request : REQUESTS) {
      assertPattern(mounted, OLD, request.byteOffset(blockSize), request.lengthBytes(blockSize));
    }

    assertThat(mounted.status().salvaged()).isEqualTo(ALL_BAD.size());
    assertThat(mounted.status().pending()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldTakeTheWriteAndMoveOnlyTheBadBlocksWhenWritingFails(int blockSize, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("w", "", blockSize));

    for (Request request : REQUESTS) {
      long byteOffset = request.byteOffset(blockSize);
      int lengthBytes = request.lengthBytes(blockSize);
      mounted.write(byteOffset, Images.pattern(NEW, byteOffset, lengthBytes));

      assertPattern(mounted, NEW, byteOffset, lengthBytes);
      assertPattern(mounted, OLD, byteOffset - blockSize, blockSize);
      assertPattern(mounted, OLD, byteOffset + lengthBytes, blockSize);
      for (int block = request.first(); block < request.first() + Request.COUNT; block++) {
        long seed = request.bad().contains(block) ? OLD : NEW;
        assertThat(Images.read(disk.store(), (long) block * blockSize, blockSize))
            .as("block %d on the medium", block)
            .isEqualTo(Images.pattern(seed, (long) block * blockSize, blockSize));
      }
    }
    assertThat(mounted.status().remapped()).isEqualTo(ALL_BAD.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldKeepTheNewDataAcrossARemountWhenBlocksAreBadForBoth(int blockSize, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted first = bench.mountFormatted(disk.image(), spare, blockSize);
    disk.faults(faults("rw", "", blockSize));
    for (Request request : REQUESTS) {
      first.write(request.byteOffset(blockSize), newBytes(request, blockSize));
    }
    first.umount().orFail();

    Mounted second = bench.mount(disk.image(), "--spare", spare.toString());

    for (Request request : REQUESTS) {
      assertReads(second, request.byteOffset(blockSize), newBytes(request, blockSize));
    }
    assertThat(second.status().remapped()).isEqualTo(ALL_BAD.size());
    assertThat(second.status().pending()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldMergeWithTheOldBytesWhenAnUnalignedWriteMeetsWriteBadBlocks(
      int blockSize, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("w", "", blockSize));

    for (Request request : REQUESTS) {
      long byteOffset = request.byteOffset(blockSize);
      byte[] expected = Images.pattern(OLD, byteOffset, request.lengthBytes(blockSize));
      byte[] written = Images.pattern(NEW, byteOffset + 100, expected.length - 177);
      System.arraycopy(written, 0, expected, 100, written.length);

      mounted.write(byteOffset + 100, written);

      assertReads(mounted, byteOffset, expected);
    }
    assertThat(mounted.status().remapped()).isEqualTo(ALL_BAD.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldMakeLostBlocksWholeAgainWhenTheyAreRewritten(int blockSize, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize);
    disk.faults(faults("r", "", blockSize));

    for (Request request : REQUESTS) {
      assertReadFails(mounted, request.byteOffset(blockSize), request.lengthBytes(blockSize));
      mounted.write(request.byteOffset(blockSize), newBytes(request, blockSize));
      assertReads(mounted, request.byteOffset(blockSize), newBytes(request, blockSize));
    }

    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().remapped()).isEqualTo(ALL_BAD.size());
    assertThat(mounted.text("badblocks")).isEmpty();
  }

  private static byte[] newBytes(Request request, int blockSize) {
    return Images.pattern(NEW, request.byteOffset(blockSize), request.lengthBytes(blockSize));
  }

  private static Fault[] faults(String mode, String options, int blockSize) {
    return ALL_BAD.stream()
        .map(block -> new Fault((long) block * blockSize + " " + blockSize, mode, options))
        .toArray(Fault[]::new);
  }
}
